"""The table of the policy file for monitors."""
