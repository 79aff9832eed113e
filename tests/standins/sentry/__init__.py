"""A Sentry on loopback: the issues of an organization, in the JSON of Sentry's own description."""
