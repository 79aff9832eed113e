"""What an incident's timeline shows, and correcting or pinning an entry."""
