"""A team's own template of the postmortem, and the process that renders it."""
