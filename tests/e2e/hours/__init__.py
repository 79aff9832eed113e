"""The stories of the hours on call."""
