"""The table of undelivered notifications, in whichever shape its owner has made it."""
