"""Posts of a running triage, and ending it: incidents, privacy and the triage itself all do that."""
