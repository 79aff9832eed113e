"""`incident-bot hooks`: what a request would do, without doing it."""
