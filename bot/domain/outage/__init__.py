"""The bot's knowledge and work while the database is away."""
