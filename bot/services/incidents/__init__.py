"""The actions on an incident: declare, update, resolve, merge, change its severity, take a role."""
