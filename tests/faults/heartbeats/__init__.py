"""Faults while jobs report by HTTP."""
