"""The bot as a process: its life from start to stop, its ticks, and how it says how it is."""
