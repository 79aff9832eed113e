"""What the use cases need of the tables about the messages of monitors and the events that they send."""
