"""Messages to the people on call: DMs, escalations, bundles, emails, handovers."""
