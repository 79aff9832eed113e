"""`/oncall schedule rotate | clear`: who takes turns, until further notice."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.calendar.business_time import local_moment
from bot.domain.calendar.start_time import plain_line
from bot.domain.errors import UserError
from bot.domain.oncall.book import Content
from bot.domain.oncall.rotation import Rotation, parse_turn
from bot.i18n.options import described
from bot.ui.answers import Pressed, control
from bot.ui.components import Screen, text
from bot.ui.interaction import Interaction, keep, redraw, reply, services_of, voice_of, wait
from bot.ui.people import person_from, person_of
from bot.ui.screens.oncall.changes import CLEAR, clear_screen, cleared_said, set_said
from cogs.oncall.group import (
    PLACE_OPTION,
    Place,
    chosen,
    first_place,
    now_here,
    offer_places,
    schedule_group,
)

Words = app_commands.Range[str, 1, 16]
_NEXT = locale_str("Who comes next", key="commands.oncall_next")


def register(bot: IncidentBot) -> None:
    bot.add_controls(press_clear)


@schedule_group.command(
    name="rotate",
    description=locale_str("Set up a rotation: people take turns", key="commands.oncall_rotate"),
)
@described(
    every=locale_str("How long a turn is: 1w, 1d, 12h", key="commands.oncall_every"),
    first=locale_str("Who is on call first", key="commands.oncall_first"),
    second=_NEXT,
    third=_NEXT,
    fourth=_NEXT,
    fifth=_NEXT,
    handover=locale_str("When turns begin. As now if left out, else 10:00", key="commands.oncall_handover"),
    drop=locale_str("Take out people who are in the rotation now", key="commands.oncall_drop"),
    place=PLACE_OPTION,
)
@app_commands.autocomplete(place=offer_places)
async def rotate(  # noqa: PLR0913, PLR0917  # Discord's options
    interaction: Interaction,
    every: Words,
    first: discord.User,
    second: discord.User,
    third: discord.User | None = None,
    fourth: discord.User | None = None,
    fifth: discord.User | None = None,
    handover: Words | None = None,
    drop: bool = False,  # noqa: FBT001, FBT002  # an option of Discord's
    place: Place | None = None,
) -> None:
    """Begin a rotation; its first turn is the current one, from the last handover.

    It keeps the hour and, of weeks, the weekday of a rotation that it replaces.
    """
    await wait(interaction)
    now = await now_here(interaction)
    services = services_of(interaction)
    people = [chosen(user) for user in (first, second, third, fourth, fifth) if user is not None]
    at = place or first_place(interaction)
    current = await services.schedules.rotation_at(services.guild_id, at)
    begins = handover or ("10:00" if current is None else f"{current.handover:%H:%M}")
    rotation = _rotation(
        [who.handle for who in people], every, begins, now=now, zone=services.policy.timezone
    )
    if current is not None:
        rotation = current.succeeded_by(rotation, now=now)
    content = Content({who.handle: who for who in people}, rotation=rotation)
    by = person_from(interaction.user)
    holder = await services.schedules.rotate(services.guild_id, at, content, by=by, drops=drop)
    doubled = await services.oncall_checks.of_places(services.guild_id, holder.place)
    await reply(interaction, set_said(voice_of(interaction), holder, doubled))


@schedule_group.command(
    name="clear",
    description=locale_str("Go back to what the policy file says", key="commands.oncall_clear"),
)
@described(place=PLACE_OPTION)
@app_commands.autocomplete(place=offer_places)
async def clear(interaction: Interaction, place: Place | None = None) -> None:
    """Ask before clearing the schedule, and show what it would remove."""
    await wait(interaction)
    services = services_of(interaction)
    clearing = await services.clearing.preview(
        services.guild_id, place or first_place(interaction), by=person_from(interaction.user)
    )
    await reply(interaction, view=clear_screen(voice_of(interaction), clearing))


@control(CLEAR)
async def press_clear(interaction: Interaction, pressed: Pressed) -> None:
    """[消す]: drop the schedule that was set for a place. If it has changed since, show and ask again."""
    await keep(interaction)
    services, voice = services_of(interaction), voice_of(interaction)
    by, place = await person_of(interaction), pressed.fields["place"]
    cleared = await services.clearing.clear(services.guild_id, place, seen=pressed.fields["mark"], by=by)
    if cleared is None:
        clearing = await services.clearing.preview(services.guild_id, place, by=by)
        await redraw(interaction, clear_screen(voice, clearing, is_changed=True))
    else:
        await redraw(interaction, Screen(text(cleared_said(voice, cleared))))


def _rotation(handles: list[str], every: str, handover: str, *, now: datetime, zone: ZoneInfo) -> Rotation:
    try:
        count, unit = parse_turn(plain_line(every))
    except ValueError:
        raise UserError("oncall_turn_unreadable", value=every) from None
    try:
        begins = datetime.strptime(plain_line(handover), "%H:%M").time()  # noqa: DTZ007  # a time of day
    except ValueError:
        raise UserError("oncall_time_unreadable", value=handover) from None
    day = now.astimezone(zone).date()
    if local_moment(day, begins, timezone=zone) > now:
        day -= timedelta(days=1)
    return Rotation(tuple(handles), count, unit, day, begins, zone)
