"""The web page of the local Discord: its files, and one WebSocket that keeps it up to date."""
