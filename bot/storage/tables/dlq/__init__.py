"""Our tables about undelivered notifications: views, replays, the watch."""
