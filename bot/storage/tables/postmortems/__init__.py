"""The bot's tables of resolutions, of owed postmortems and of their drafts."""
