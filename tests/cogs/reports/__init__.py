"""Tests of the reports of people who lack the role."""
