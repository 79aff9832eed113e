"""The command group `/action`, and the options that name items, incidents and alerts."""

from typing import Any, Final

from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.domain.actions.item import ActionItem, WatchedAlert, action_number
from bot.domain.errors import BotError, UserError
from bot.domain.people import Person
from bot.ui.choices import NAME_LIMIT, OFFERED
from bot.ui.interaction import Interaction, services_of
from bot.ui.people import person_from
from bot.ui.words.inert import plain

Number = app_commands.Range[int, 1, 2**53 - 1]  # Discord: the integers that an option can carry
Item = app_commands.Range[str, 1, 20]
Alert = app_commands.Range[str, 1, 100]


NUMBER_OPTION: Final = locale_str("The INC number; not needed in its thread", key="commands.incident_number")
ITEM_OPTION: Final = locale_str("The item, such as AI-7", key="commands.action_item")
ALERT_OPTION: Final = locale_str(
    "The alert that must not fire again once it is done", key="commands.action_alert"
)

action_group: Final = app_commands.Group(
    name="action",
    description=locale_str("Action items: follow-up work after an incident", key="commands.action"),
    guild_only=True,
)


async def alert_named(
    interaction: Interaction, fingerprint: str | None, *, incident_id: int | None
) -> WatchedAlert | None:
    """Return the alert that was chosen from the list; None if none was.

    Raises:
        UserError: something else was typed.
    """
    if not fingerprint:
        return None
    services, by = services_of(interaction), person_from(interaction.user)
    found = await services.action_lists.alert(services.guild_id, fingerprint, incident_id=incident_id, by=by)
    if found is None:
        raise UserError("action_item.alert_unknown", text=fingerprint)
    return found


async def offer_open_items(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer open items, the person's own first."""
    return await _offer(interaction, typed, closed=False)


async def offer_closed_items(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer closed items, the person's own first."""
    return await _offer(interaction, typed, closed=True)


async def offer_alerts(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the alerts of the command's incident or item first, then recent ones."""
    services, by = services_of(interaction), person_from(interaction.user)
    try:
        incident_id = await _incident_so_far(interaction, by)
        found = await services.action_lists.alerts(
            services.guild_id, typed, incident_id=incident_id, by=by, limit=OFFERED
        )
    except BotError:
        return []
    named = [(one, plain(one.title, limit=NAME_LIMIT)) for one in found]
    return [Choice(name=name or one.fingerprint[:12], value=one.fingerprint) for one, name in named]


async def _offer(interaction: Interaction, typed: str, *, closed: bool) -> list[Choice[str]]:
    services, by = services_of(interaction), person_from(interaction.user)
    lists, words = services.action_lists, typed.strip()
    try:
        found = await lists.choices(services.guild_id, words, closed=closed, by=by, limit=OFFERED)
    except BotError:
        return []
    today = await lists.today()
    return [Choice(name=_choice(item, late=item.is_overdue(today)), value=item.label) for item in found]


def _choice(item: ActionItem, *, late: bool) -> str:
    sign = "🔴 " if late else ""
    return plain(f"{sign}{item.label} {item.what} · {item.owner.name}", limit=NAME_LIMIT)


async def _incident_so_far(interaction: Interaction, by: Person) -> int | None:
    """Return the incident that the command is about so far: of its item, its number, or this thread."""
    namespace: Any = interaction.namespace
    item, number = getattr(namespace, "item", None), getattr(namespace, "number", None)
    return await services_of(interaction).action_lists.incident_so_far(
        item_id=action_number(item) if item else None,
        number=number if isinstance(number, int) else None,
        thread_id=interaction.channel_id,
        by=by,
    )
