"""How Hypothesis runs: an example that takes its time says more of the machine than of the code."""

from hypothesis import settings

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
