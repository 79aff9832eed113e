"""Documents: what the bot writes for people to keep outside of Discord."""
