"""The morning triage of what waits for a business day."""
