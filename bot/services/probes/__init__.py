"""Probes: asking targets, tracking what fails, and showing how they are."""
