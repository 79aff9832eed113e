"""Readers of what other on-call systems export."""
