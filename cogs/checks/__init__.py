"""Live checks (システムの状態): a look at every system that an incident may be about."""
