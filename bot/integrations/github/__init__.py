"""GitHub's REST API, as far as the bot needs it. What was learned about it: docs/internals/github.md."""
