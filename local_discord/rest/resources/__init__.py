"""REST v10, one module per resource of Discord's documentation."""
