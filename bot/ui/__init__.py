"""The only rendering of values to Discord: posts, consoles, components, replies to errors."""
