"""The client of GitHub against the stand-in, and the stand-in against a client of others."""
