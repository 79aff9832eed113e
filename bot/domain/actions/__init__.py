"""Action items: what is to be done after an incident, and whether it has helped."""
