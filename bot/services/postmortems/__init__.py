"""Postmortems: owed at the resolve, asked for by reminders, ended by a person."""
