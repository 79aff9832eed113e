"""`incident-bot incidents`, `export`, `import` and `audit`."""
