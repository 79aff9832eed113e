"""The command groups of `/oncall`, and the options that name places, people and moments."""

from datetime import datetime
from typing import Final

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.domain.errors import UserError
from bot.domain.oncall.moments import parse_later
from bot.domain.oncall.people import Who
from bot.ui.choices import named_choices
from bot.ui.interaction import Interaction, services_of

Place = app_commands.Range[str, 1, 24]
Moment = app_commands.Range[str, 1, 60]


PLACE_OPTION: Final = locale_str("Such as primary", key="commands.oncall_place")
USER_OPTION: Final = locale_str("Who", key="commands.oncall_user")

oncall_group: Final = app_commands.Group(
    name="oncall",
    description=locale_str("See and change who is on call", key="commands.oncall"),
    guild_only=True,
)
schedule_group: Final = app_commands.Group(
    name="schedule",
    description=locale_str("Set, export and import the schedule", key="commands.oncall_schedule"),
    parent=oncall_group,
)


async def offer_places(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the policy's places, in the order of asking."""
    return named_choices(services_of(interaction).policy.oncall, typed)


def first_place(interaction: Interaction) -> str:
    """Return the place that is meant when none is named."""
    return next(iter(services_of(interaction).policy.oncall))


def chosen(user: discord.User | discord.Member) -> Who:
    """Return the chosen person, who must be a member: Discord also offers bots and people who have left.

    Raises:
        UserError: a bot, or no member.
    """
    if user.bot:
        raise UserError("oncall_for_bot", who=user.display_name)
    if not isinstance(user, discord.Member):
        raise UserError("oncall_not_member", who=user.display_name)
    return Who(user.id, user.name, user.display_name)


async def now_here(interaction: Interaction) -> datetime:
    """Return the database's time in the team's zone."""
    services = services_of(interaction)
    return (await services.schedules.now()).astimezone(services.policy.timezone)


def moment(text: str | None, *, now: datetime, base: datetime | None = None) -> datetime:
    """Return the moment that was typed; *now* when nothing was. Raises as `parse_later`."""
    return now if text is None else parse_later(text, now=now, base=base)
