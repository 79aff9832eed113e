"""What rings somebody: DMs, escalations, bundles, emails, handovers."""
