"""The stories of roles that follow the rotation."""
