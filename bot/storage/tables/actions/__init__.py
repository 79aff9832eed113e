"""The bot's tables of action items."""
