"""Rotations, overrides, and who they name at a moment."""
