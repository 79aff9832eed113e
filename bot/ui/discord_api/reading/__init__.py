"""Reading over HTTP: messages, channels' histories, reactions."""
