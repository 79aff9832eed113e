"""Walking through the decision tree, and what follows from its end."""
