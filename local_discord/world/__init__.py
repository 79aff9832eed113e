"""Everything that exists in the local Discord, and its JSON."""
