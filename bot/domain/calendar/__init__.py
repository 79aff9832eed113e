"""Business days, durations and times as people type them."""
