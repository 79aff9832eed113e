"""Probes (プローブ、外形監視): targets that are asked by HTTP all the time. README.md has the rules."""
