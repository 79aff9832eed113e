"""The checks of `doctor`, which also run once after each start."""
