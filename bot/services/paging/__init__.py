"""Pages that leave Discord: sent by another system, and kept in step with it."""
