"""Hand-written fakes of what is not ours: time, Discord, the file beside the database."""
