"""`incident-bot runbook`: the policy file."""
