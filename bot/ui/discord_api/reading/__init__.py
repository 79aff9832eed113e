"""Reading over HTTP: messages, channels' histories, reactions, and the ids of channels and people."""
