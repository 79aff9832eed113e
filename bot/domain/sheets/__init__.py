"""Command sheets: the commands that help in the first minutes, filled in for what is affected."""
