"""Sending what is owed, until Discord has it or it is given up."""
