"""The stories of teams."""
