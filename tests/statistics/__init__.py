"""Generated histories, and their figures computed a second time, in Python: the SQL must say the same."""
