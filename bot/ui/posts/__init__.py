"""What stands in Discord for all to see, and what goes out by DM or email: one module per kind."""
