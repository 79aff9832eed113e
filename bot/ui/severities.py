"""A severity as a command names it, and the ones that it offers."""

from typing import Final

from discord.app_commands import Choice

from bot.domain.errors import UserError
from bot.domain.severity import SeverityPolicy
from bot.runbook.model import Policy

_OFFERED: Final = 25  # Discord: choices of an autocomplete


def severity_named(policy: Policy, name: str) -> SeverityPolicy:
    """Return the severity that was typed or chosen, in whichever case.

    Raises:
        UserError: the policy has no such severity.
    """
    known, wanted = policy.severities.values(), name.strip().casefold()
    found = next((one for one in known if one.name.casefold() == wanted), None)
    if found is None:
        raise UserError("severity_unknown", value=name)
    return found


def severity_choices(policy: Policy, typed: str) -> list[Choice[str]]:
    """Offer the policy's severities that hold what was typed, the most severe first."""
    names = {one.name: f"{one.name} / {one.priority}" for one in policy.severities.values()}
    fitting = [name for name, shown in names.items() if typed.casefold() in shown.casefold()]
    return [Choice(name=names[name], value=name) for name in fitting[:_OFFERED]]
