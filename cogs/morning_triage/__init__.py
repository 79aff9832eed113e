"""The morning triage (朝の triage): what is due on a business day, until each is taken."""
