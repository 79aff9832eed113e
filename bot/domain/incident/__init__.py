"""An incident: its state, its transitions, what its posts and forms show."""
