"""Modals: what is asked, and what came back."""
