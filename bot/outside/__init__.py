"""What speaks with systems outside, made from the settings when it is first needed."""
