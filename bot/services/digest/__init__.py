"""Is an alert still needed? What the team answers under a digest."""
