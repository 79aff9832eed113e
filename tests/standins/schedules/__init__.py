"""What other on-call systems export, rendered hour by hour from their own rules, independently of the bot."""
