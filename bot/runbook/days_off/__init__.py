"""Days without business: the policy's own, and public holidays, which a separate process computes."""
