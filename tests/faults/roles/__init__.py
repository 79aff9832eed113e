"""Faults while a role follows the rotation."""
