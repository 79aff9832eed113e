"""Screens for one person: consoles, cards, and the answers to commands and buttons."""
