"""The hours of a month: a list that fits a phone, and the CSV."""

import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import discord

from bot.domain.statistics.period import Period
from bot.ui.words.inert import BYTE_ORDER_MARK, csv_line, inert
from bot.ui.words.wording import Voice
from cogs.hours.rules import HourKind
from cogs.hours.use_cases import MonthHours, PersonHours

_HOUR: Final = timedelta(hours=1)
_NAME_LIMIT: Final = 60
_BUDGET: Final = 1_600  # of the 2,000 characters of a message


def month_said(voice: Voice, month: Period) -> str:
    """Return "2026 年 11 月", "2026-11"."""
    return voice.say("hours.month", year=month.first.year, month=month.first.month)


def hours_said(voice: Voice, found: MonthHours) -> str:
    """Return the hours and pages of each person, the longest first, and what to know of the numbers."""
    lines = [_person_said(voice, one) for one in found.people]
    notes = list(_notes(voice, found))
    title = voice.say(
        "hours.title_own" if found.is_own else "hours.title", month=month_said(voice, found.month)
    )
    body = voice.joined(lines, separator="\n", limit=_BUDGET) if lines else voice.say("hours.none")
    return "\n".join([title, body, *notes])


def _person_said(voice: Voice, one: PersonHours) -> str:
    hours = one.hours
    return voice.say(
        "hours.person",
        who=inert(one.person.name, limit=_NAME_LIMIT),
        total=_number(hours.total),
        weekday=_number(hours.weekday),
        night=_number(hours.night),
        weekend=_number(hours.weekend),
        holiday=_number(hours.holiday),
        pages=one.pages,
        night_pages=one.night_pages,
    )


def _notes(voice: Voice, found: MonthHours) -> Iterator[str]:
    if found.is_ahead:
        yield voice.say("hours.ahead")
    elif found.until < found.month.span(voice.policy.timezone).end:
        yield voice.say("hours.until", at=voice.moment(found.until))
    if found.by_policy:
        yield voice.say("hours.by_policy")


def hours_file(voice: Voice, found: MonthHours) -> discord.File:
    """Return the hours as CSV, in UTF-8 with the mark by which Excel knows it."""
    columns = ("person", "user_id", *HourKind, "total", "pages", "night_pages")
    lines = [csv_line([voice.say(f"hours.column.{column}") for column in columns])]
    for one in found.people:
        hours = one.hours
        spans = (hours.weekday, hours.night, hours.weekend, hours.holiday, hours.total)
        # As text: a spreadsheet rounds a number of that length.
        user_id = "" if one.person.user_id is None else f"<@{one.person.user_id}>"
        lines.append(csv_line([one.person.name, user_id, *map(_number, spans), one.pages, one.night_pages]))
    content = (BYTE_ORDER_MARK + "".join(lines)).encode()
    return discord.File(io.BytesIO(content), filename=f"on-call-hours-{found.month}.csv")


def _number(held: timedelta) -> str:
    """Return hours with at most two decimals: "168", "7.5"."""
    return f"{held / _HOUR:.2f}".rstrip("0").rstrip(".")
