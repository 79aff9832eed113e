"""How each system signs its requests, and what they say: a reader for each format."""
