"""Set no deadline for examples of Hypothesis: a slow one shows that the machine is busy."""

from hypothesis import settings

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
