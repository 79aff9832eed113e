"""The only rendering of values to Discord, and the only reading of what people do there."""
