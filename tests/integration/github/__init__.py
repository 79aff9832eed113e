"""Test the client of GitHub against the stand-in, and the stand-in against another client."""
