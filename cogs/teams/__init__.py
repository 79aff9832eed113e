"""Teams: hand an incident over to another team, or call its person on call. See README.md."""
