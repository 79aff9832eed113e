"""What the use cases need of the tables about resolutions and postmortems."""
