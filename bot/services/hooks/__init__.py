"""Hooks: verified and stored as they come, then processed by a job."""
