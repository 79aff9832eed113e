"""The interface of the tables about action items."""
