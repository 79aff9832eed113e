"""Charts as PNGs, drawn by a process of its own: the bot's must not carry matplotlib."""
