"""The gateway: sessions, events, and who gets which."""
