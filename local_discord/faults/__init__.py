"""Faults that tests inject: failing requests, failing gateway events, a frozen server."""
