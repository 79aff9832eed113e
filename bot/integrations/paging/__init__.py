"""One small module for each system that a page goes to."""
