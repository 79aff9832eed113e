"""What the use cases need of the tables about what follows an incident: action items, postmortems."""
