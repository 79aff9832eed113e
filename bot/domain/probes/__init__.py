"""Probes: targets that are asked by HTTP all the time, and what is made of their answers."""
