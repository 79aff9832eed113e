"""Test who has to write a postmortem, by when, and when they are reminded."""
