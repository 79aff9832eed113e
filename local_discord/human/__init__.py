"""Actions of people, as JSON over HTTP below ``/_human``: no rate limits, names instead of ids."""
