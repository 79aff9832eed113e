"""Action items (再発防止): what is to be done after an incident. README.md has the rules."""
