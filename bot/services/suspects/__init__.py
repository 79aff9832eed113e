"""What changed before an incident began, the decision on a rollback, and the past incidents like it."""
