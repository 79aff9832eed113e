"""`incident-bot alerts`: what a monitor's message would do, without doing it."""
