"""`/oncall set | override | swap`."""

from datetime import UTC, datetime

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.domain.errors import BotError, UserError
from bot.domain.oncall.book import NewOverride
from bot.i18n.options import described
from bot.services.oncall.schedules import Turn
from bot.ui.choices import choices_of
from bot.ui.interaction import Interaction, reply, services_of, voice_of, wait
from bot.ui.people import person_from
from bot.ui.screens.oncall.changes import overridden_said, set_said, swapped_said
from bot.ui.screens.oncall.console import turn_choice
from cogs.oncall.group import (
    PLACE_OPTION,
    USER_OPTION,
    Moment,
    Place,
    chosen,
    first_place,
    moment,
    now_here,
    offer_places,
    oncall_group,
)

Shift = app_commands.Range[str, 1, 60]
Reason = app_commands.Range[str, 1, 200]


@oncall_group.command(
    name="set",
    description=locale_str(
        "Put a person on call from now on, until further notice", key="commands.oncall_set"
    ),
)
@described(user=USER_OPTION, place=PLACE_OPTION)
@app_commands.autocomplete(place=offer_places)
async def set_person(interaction: Interaction, user: discord.User, place: Place | None = None) -> None:
    """Put a person on call from now on."""
    await wait(interaction)
    services = services_of(interaction)
    holder = await services.schedules.set_person(
        services.guild_id, place or first_place(interaction), chosen(user), by=person_from(interaction.user)
    )
    doubled = await services.oncall_checks.of_places(services.guild_id, holder.place)
    await reply(interaction, set_said(voice_of(interaction), holder, doubled))


@oncall_group.command(
    name="override",
    description=locale_str("Have another person on call for a set time", key="commands.oncall_override"),
)
@described(
    user=USER_OPTION,
    until=locale_str("Until when: 18:00, 8h, 11/24 10:00", key="commands.oncall_until"),
    from_=locale_str(
        "From when: 18:00, tomorrow 9:00, 11/24 10:00. Now if left out", key="commands.oncall_from"
    ),
    place=PLACE_OPTION,
    reason=locale_str("Why, in one line", key="commands.incident_reason"),
)
@app_commands.autocomplete(place=offer_places)
async def override(  # Discord's options
    interaction: Interaction,
    user: discord.User,
    until: Moment,
    from_: Moment | None = None,
    place: Place | None = None,
    reason: Reason = "",
) -> None:
    """Put a person on call from one moment to another, in place of the schedule."""
    await wait(interaction)
    now = await now_here(interaction)
    services = services_of(interaction)
    starts = moment(from_, now=now)
    new = NewOverride(
        place=place or first_place(interaction),
        who=chosen(user),
        starts=starts,
        ends=moment(until, now=now, base=max(starts, now)),
        reason=reason,
    )
    made = await services.schedules.override(services.guild_id, new, by=person_from(interaction.user))
    check = await services.oncall_checks.of_override(services.guild_id, made)
    await reply(interaction, overridden_said(voice_of(interaction), made, check))


async def offer_shifts(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the current and coming shifts, in order; none while the schedule cannot be read."""
    services = services_of(interaction)
    try:
        turns = await services.schedules.turns(services.guild_id)
    except BotError:
        return []
    voice, last = voice_of(interaction), max(turn.shift.ends for turn in turns)
    return choices_of({_value(turn): turn_choice(voice, turn, until_at=last) for turn in turns}, typed)


@oncall_group.command(name="swap", description=locale_str("Swap two shifts", key="commands.oncall_swap"))
@described(
    shift=locale_str("The first of the two shifts", key="commands.oncall_shift"),
    with_=locale_str("The second of the two shifts", key="commands.oncall_with"),
)
@app_commands.autocomplete(shift=offer_shifts, with_=offer_shifts)
async def swap(interaction: Interaction, shift: Shift, with_: Shift) -> None:
    """Exchange the shifts of two people."""
    await wait(interaction)
    services = services_of(interaction)
    swapped = await services.schedules.swap(
        services.guild_id, _named(shift), _named(with_), by=person_from(interaction.user)
    )
    places = dict.fromkeys([swapped.first.place, swapped.second.place])
    doubled = await services.oncall_checks.of_places(services.guild_id, *places)
    await reply(interaction, swapped_said(voice_of(interaction), swapped, doubled))


def _value(turn: Turn) -> str:
    """Return a shift as an option carries it: its place, and a second that lies within it."""
    return f"{turn.place}@{int(turn.shift.starts.timestamp()) + 1}"


def _named(value: str) -> tuple[str, datetime]:
    place, _, second = value.rpartition("@")
    if not place or not second.isdecimal() or len(second) > len("1790000000"):
        raise UserError("oncall_shift_unknown")
    return place, datetime.fromtimestamp(int(second), UTC)
