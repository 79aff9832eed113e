"""Notifications that were not delivered: the table that keeps them, its entries, and replays."""
