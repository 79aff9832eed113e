"""The records: everything about incidents, out of one database and into another."""
