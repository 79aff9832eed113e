"""A message that is to be sent, and how fast Discord takes it."""
