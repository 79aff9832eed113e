"""What people do with an incident: declare, update, resolve, merge, change its severity, take a role."""
