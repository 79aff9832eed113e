"""Tests of `cogs.snooze`."""
