"""The local Discord in a file: what is kept, and how it becomes JSON."""
