"""The ladder of escalation steps, and which of them can share a message."""
