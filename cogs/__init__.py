"""What people can do in Discord: one thin module per feature."""
