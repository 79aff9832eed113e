"""Commands, components and forms: what people do, and what a bot may answer."""
