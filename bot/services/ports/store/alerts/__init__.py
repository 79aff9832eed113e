"""What the use cases need of the tables about the messages of monitors."""
