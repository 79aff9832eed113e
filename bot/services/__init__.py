"""The use cases: decide with the domain, persist in one transaction, leave the talking to others."""
