"""Sending deliveries, until Discord has accepted each or it is given up."""
