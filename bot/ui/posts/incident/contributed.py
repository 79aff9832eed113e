"""What the capabilities contribute to the posts and the forms of an incident."""

from bot.domain.incident.incident import Incident
from bot.runbook.model import Policy
from bot.ui.verbs import OwnVerb


def suggested(policy: Policy, incident: Incident) -> OwnVerb | None:
    """Return the button that the state of an incident calls for; None for none."""
    offered = (one.suggests(policy, incident) for one in policy.capabilities if one.suggests is not None)
    return next((verb for verb in offered if verb is not None), None)


def asks_users(policy: Policy, incident: Incident) -> bool:
    """Return True if the form of a status update asks whether users are affected."""
    return any(one.asks_users(policy, incident) for one in policy.capabilities if one.asks_users is not None)
