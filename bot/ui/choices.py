"""The options of a command: what they offer while a person types, and the incident or severity they name."""

from collections.abc import Awaitable, Iterable, Mapping
from typing import Final, TypeVar

from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.domain.errors import BotError, UserError
from bot.domain.incident.incident import Incident, typed_number
from bot.domain.severity import SeverityPolicy
from bot.domain.text import cut, half_width
from bot.runbook.model import Policy
from bot.runbook.teams import DEFAULT_TEAM
from bot.ui.interaction import Interaction, person_from, services_of, voice_of
from bot.ui.words.inert import plain

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


#: A team that is typed or chosen; its option is there only where the policy has teams.
TeamName = app_commands.Range[str, 1, 24]
ONLY_TEAM: Final = locale_str("Only this team", key="commands.only_team")


async def offer_teams(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the policy's teams, and the default one."""
    voice, teams = voice_of(interaction), services_of(interaction).policy.teams
    return choices_of({**{name: name for name in teams}, DEFAULT_TEAM: voice.team(None)}, typed)


def team_named(policy: Policy, typed: str) -> str | None:
    """Return the team that was typed or chosen; None: the default one.

    Raises:
        UserError: the policy has no such team.
    """
    name = half_width(typed).strip().casefold()
    if name == DEFAULT_TEAM:
        return None
    if name not in policy.teams:
        raise UserError("team_unknown", value=typed)
    return name


Number = app_commands.Range[int, 1, 2**53 - 1]  # Discord: the integers that an option can carry

_TITLE_SHOWN: Final = 60

NUMBER_OPTION: Final = locale_str(
    "The number: INC-42, ALERT-42 or 42; not needed in its thread", key="commands.incident_number"
)


async def named(interaction: Interaction, number: int | None) -> Incident:
    """Return the incident that was named, or the one whose thread this is.

    Raises:
        IncidentNotFound: no such number, or a private one that is not theirs to see.
        UserError: none was named, and this is no incident's thread.
    """
    found = await named_or_here(interaction, number)
    if found is None:
        raise UserError("incident_unnamed")
    return found


async def named_or_here(interaction: Interaction, number: int | None) -> Incident | None:
    """Return the incident that was named, or the one of this thread; None if neither leads to one.

    Raises:
        IncidentNotFound: no such number, or a private one that is not theirs to see.
    """
    if number is None:
        return await here(interaction)
    by = person_from(interaction.user)
    return await services_of(interaction).incidents.find(number=number, thread_id=None, by=by)


async def here(interaction: Interaction) -> Incident | None:
    """Return the incident of this thread; None if this is no incident's thread.

    Raises:
        IncidentNotFound: this is the thread of a private incident that the person may not see.
    """
    channel_id, by = interaction.channel_id, person_from(interaction.user)
    if channel_id is None:
        return None
    return await services_of(interaction).incidents.of_place(channel_id, by=by)


async def offered(
    interaction: Interaction, reading: Awaitable[Iterable[Incident]], typed: int | str
) -> list[Choice[int]]:
    """Return the choices among the incidents of *reading* whose number or title holds what was typed."""
    try:
        found = await reading
    except BotError:
        return []  # a list of choices has no place for words
    voice = voice_of(interaction)
    titles = {one.id: plain(voice.marked(one, one.title), limit=_TITLE_SHOWN) for one in found}
    names = {one.id: f"{one.label} {one.severity} {titles[one.id]}" for one in found}
    wanted = half_width(str(typed or ""))
    digits = typed_number(wanted)  # whichever word stands before them: it may have been an alert
    return choices_of(names, f"-{digits}" if digits else wanted)


async def offer_incidents(interaction: Interaction, typed: int | str) -> list[Choice[int]]:
    """Offer open incidents, then recently ended ones."""
    services, by = services_of(interaction), person_from(interaction.user)
    reading = services.looking.others(services.guild_id, than=None, thread_id=None, by=by)
    return await offered(interaction, reading, typed)


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
