"""The bot as a process: start to stop, its ticks, its health and its metrics."""
