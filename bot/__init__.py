"""An incident coordinator for teams that live in Discord."""
