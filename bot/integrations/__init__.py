"""Clients of what is neither Discord nor PostgreSQL. Their errors are translated here and nowhere else."""
