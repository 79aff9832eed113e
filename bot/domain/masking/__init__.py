"""Masking of secrets in the output of commands, before any of it is stored, logged or shown."""
