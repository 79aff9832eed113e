"""The tables of the policy file for monitors: alerts, hooks, probes and live checks."""
