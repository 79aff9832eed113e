"""Services of others, as small servers on loopback that keep real state."""
