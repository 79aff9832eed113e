"""Deciding the steps of a ladder on time, and carrying on when an acknowledgement ends."""
