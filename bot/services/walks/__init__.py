"""What a running triage has posted, and how it ends: incidents, privacy and triage all end some."""
