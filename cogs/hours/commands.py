"""`/oncall hours`: the hours on call and the pages of a month, by person."""

from datetime import datetime
from typing import Final

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.domain.errors import BotError, UserError
from bot.domain.statistics.period import Period, PeriodKind
from bot.i18n.translator import described
from bot.ui.choices import choices_of
from bot.ui.interaction import Interaction, person_from, reply, services_of, voice_of, wait
from cogs.hours.screens import hours_file, hours_said, month_said
from cogs.hours.use_cases import OnCallHours

Month = app_commands.Range[str, 1, 16]

_MONTHS_OFFERED: Final = 13


async def offer_months(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer this month and those before it; none while the time is not known."""
    try:
        now = await _own(interaction).now()
    except BotError:
        return []
    months = [Period.containing(now.date(), PeriodKind.MONTH)]
    while len(months) < _MONTHS_OFFERED:
        months.append(months[-1].previous)
    voice = voice_of(interaction)
    return choices_of({str(month): month_said(voice, month) for month in months}, typed)


@app_commands.command(
    name="hours",
    description=locale_str(
        "Hours on call and pages of a month: weekday, night, weekend, holiday", key="commands.oncall_hours"
    ),
)
@described(
    month=locale_str("A month: 2026-11. This month if left out", key="commands.oncall_hours_month"),
    person=locale_str("Only this person", key="commands.oncall_hours_person"),
)
@app_commands.autocomplete(month=offer_months)
async def hours(interaction: Interaction, month: Month = "month", person: discord.User | None = None) -> None:
    """Show the hours of a month to the person who asks alone, and give them as CSV."""
    await wait(interaction)
    own, voice = _own(interaction), voice_of(interaction)
    period = _month(month, now=await own.now())
    about = None if person is None else person_from(person)
    found = await own.of_month(period, by=person_from(interaction.user), about=about)
    file = hours_file(voice, found) if found.people else None
    await reply(interaction, hours_said(voice, found), file=file)


def _own(interaction: Interaction) -> OnCallHours:
    return services_of(interaction).of(OnCallHours)


def _month(typed: str, *, now: datetime) -> Period:
    """Return the month that was typed.

    Raises:
        UserError: it is none, or lies more than a year ahead.
    """
    this = Period.containing(now.date(), PeriodKind.MONTH)
    try:
        found = Period.parse(typed, today=now.date())
    except ValueError:
        raise UserError("oncall_hours_month", value=typed, example=str(this.previous)) from None
    if found.kind is not PeriodKind.MONTH or found.first.year > now.year + 1:
        raise UserError("oncall_hours_month", value=typed, example=str(this.previous))
    return found
