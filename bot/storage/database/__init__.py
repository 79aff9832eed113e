"""Connections, transactions, migrations and named queries."""
