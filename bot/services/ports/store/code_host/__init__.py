"""The interface of the tables about what is exported to the code host."""
