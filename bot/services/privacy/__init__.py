"""Making an incident private, and taking back what had been public."""
