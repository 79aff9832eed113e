"""Code that several capabilities share."""
