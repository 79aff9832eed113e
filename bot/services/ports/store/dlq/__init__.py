"""What the use cases need of the tables about undelivered notifications: views, replays, the watch."""
