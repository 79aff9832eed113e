"""Practising an incident."""
