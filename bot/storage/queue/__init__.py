"""The job queue: PgQueuer's table, the statements on it, and the runner."""
