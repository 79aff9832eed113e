"""The timeline of an incident, and how to correct or pin an entry."""
