"""Who owes a postmortem, by when, and when they are reminded."""
