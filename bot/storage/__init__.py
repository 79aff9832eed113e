"""PostgreSQL: the bot's tables, the job queue, the DLQ, and the embedded server."""
