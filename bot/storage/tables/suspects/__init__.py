"""Our tables about what changed before an incident, and the past incidents that resemble it."""
