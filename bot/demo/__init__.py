"""The demo: everything on one machine, with a past week to look at, and a tour that plays the runbook."""
