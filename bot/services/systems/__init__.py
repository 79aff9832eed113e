"""Live checks: rounds about an incident, and the run that looks at every system side by side."""
