"""Live checks: the state of every system that an incident may be about."""
