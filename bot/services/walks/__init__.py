"""The posts and the end of a running triage; incidents, privacy and triage all end some."""
