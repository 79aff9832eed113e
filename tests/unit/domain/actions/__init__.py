"""Action items, their due dates, and what counts as one."""
