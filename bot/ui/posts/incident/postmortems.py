"""Where the postmortem of an incident goes in the team's repository."""

import unicodedata

from bot.domain.incident.incident import Incident
from bot.runbook.model import Policy

_SLUG_LIMIT = 60


def postmortem_path(policy: Policy, incident: Incident) -> str:
    """Return the path of the postmortem: the policy's pattern with the local start day and the title."""
    day = incident.started_at.astimezone(policy.timezone).date()
    return policy.postmortem.path.format(date=day.isoformat(), title=_slug(incident.title))


def _slug(title: str) -> str:
    """Return *title* for a file name: letters and digits of any script, with single dashes between."""
    kept = "".join(sign if unicodedata.category(sign)[0] in "LN" else "-" for sign in title.lower())
    slug = "-".join(part for part in kept.split("-") if part)[:_SLUG_LIMIT].strip("-")
    return slug or "incident"
