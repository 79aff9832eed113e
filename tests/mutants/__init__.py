"""Mistakes in the critical rules, each of which a test must find: ``python -m tests.mutants``."""
