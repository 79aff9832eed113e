"""`incident-bot probes`: each target asked once."""
