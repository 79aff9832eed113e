"""Messages: what a bot may write, and what Discord makes of it."""
