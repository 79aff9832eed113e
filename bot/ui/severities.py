"""A severity as a command names it."""

from bot.domain.errors import UserError
from bot.domain.severity import SeverityPolicy
from bot.domain.text import half_width
from bot.runbook.model import Policy


def severity_named(policy: Policy, name: str) -> SeverityPolicy:
    """Return the severity that was typed or chosen, in whichever case.

    Raises:
        UserError: the policy has no such severity.
    """
    known, wanted = policy.severities.values(), half_width(name).strip().casefold()
    found = next((one for one in known if one.name.casefold() == wanted), None)
    if found is None:
        raise UserError("severity_unknown", value=name)
    return found
