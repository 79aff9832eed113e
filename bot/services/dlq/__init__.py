"""Inspecting and replaying notifications that failed."""
