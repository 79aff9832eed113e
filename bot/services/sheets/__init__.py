"""Command sheets: the output of commands on the timeline, without its secrets."""
