"""Noticing what everything else has missed."""
