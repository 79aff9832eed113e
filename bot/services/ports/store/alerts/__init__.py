"""What the use cases need of the tables about the messages of monitors and the hooks that bring them."""
