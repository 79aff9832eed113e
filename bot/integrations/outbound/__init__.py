"""Requests to systems outside: the one way out for everything that a policy or a person may address."""
