"""The choices that an option of a command offers while a person types."""

from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from discord.app_commands import Choice

from bot.domain.text import cut, half_width
from bot.runbook.model import Policy
from bot.ui.interaction import Interaction, services_of

OFFERED: Final = 25  # Discord: choices of an autocomplete
NAME_LIMIT: Final = 100  # Discord: characters of a choice's name

_Value = TypeVar("_Value", int, str)


def choices_of(names: Mapping[_Value, str], typed: str) -> list[Choice[_Value]]:
    """Return choices whose name contains what was *typed*, in the order of *names* (by value)."""
    wanted = half_width(typed).casefold()
    fitting = [(value, name) for value, name in names.items() if wanted in half_width(name).casefold()]
    return [Choice(name=cut(name, limit=NAME_LIMIT), value=value) for value, name in fitting[:OFFERED]]


def named_choices(names: Iterable[str], typed: str) -> list[Choice[str]]:
    """Return choices that are their own value; see `choices_of`."""
    return choices_of({name: name for name in names}, typed)


async def offer_targets(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the policy's targets."""
    return named_choices(services_of(interaction).policy.targets, typed)


async def offer_severities(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the policy's severities, the most severe first."""
    return severity_choices(services_of(interaction).policy, typed)


def severity_choices(policy: Policy, typed: str) -> list[Choice[str]]:
    """Return the policy's severities whose name or priority contains what was *typed*."""
    return choices_of({one.name: f"{one.name} / {one.priority}" for one in policy.severities.values()}, typed)
