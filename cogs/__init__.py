"""Commands, buttons and events in Discord: one thin module per feature."""
