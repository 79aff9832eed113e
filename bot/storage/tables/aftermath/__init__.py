"""Our tables about what follows an incident: action items, postmortems."""
