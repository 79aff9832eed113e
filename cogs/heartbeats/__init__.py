"""Heartbeats: alerts for jobs that do not report. README.md has the rules."""
