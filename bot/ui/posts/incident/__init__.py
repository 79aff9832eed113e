"""An incident's posts: its alert, its thread, and the lines that follow there."""
