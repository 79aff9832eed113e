"""Public posts in Discord, DMs and emails: one module per kind."""
