"""Future moments, as people type them: when an override starts, and when it ends."""

import re
from datetime import UTC, datetime, time, timedelta
from typing import Final

from bot.domain.calendar.typed_times import (
    CLOCK,
    DATE,
    ISO,
    NOW,
    SPAN,
    local_time,
    plain_line,
    span_of,
    with_signs,
)
from bot.domain.errors import UserError

#: Later is a slip of the year.
FURTHEST: Final = timedelta(days=366)

_IN: Final = re.compile(rf"(?:in |\+)?((?:{SPAN.pattern} ?)+)(?:後|から|later)?", re.ASCII)
_AT: Final = re.compile(
    rf"(?:{DATE}|(?P<word>今日|明日|明後日|today|tomorrow) ?)?{CLOCK}(?: ?(?:まで|から))?", re.ASCII
)
_DAYS: Final = {"今日": 0, "today": 0, "明日": 1, "tomorrow": 1, "明後日": 2}


class UnreadableMoment(UserError):
    """The typed text is no readable moment; the fields show examples that are."""

    def __init__(self, text: str, *, now: datetime) -> None:
        ahead = now + timedelta(days=1)
        super().__init__(
            "oncall_moment_unreadable",
            text=text,
            example_time="18:00",
            example_span="8h",
            example_date=f"{ahead:%m/%d} 10:00",
        )


def parse_later(
    text: str, *, now: datetime, base: datetime | None = None, as_of: datetime | None = None
) -> datetime:
    """Return the future moment that *text* means.

    Understood, in full-width signs too: "now" / "今"; "18:00" (the next one after *base*); "明日 9:00",
    "tomorrow 9:00"; "8h", "in 2 days", "3時間後" (from *base*); "11/24 14:05", "2026-11-24 14:05"; an ISO
    moment with its offset. The zone's own abbreviation ("JST") may follow.

    Args:
        text: As typed.
        now: Aware, in the zone in which times of day are read.
        base: Spans and times of day count from here; *now* when left out.
        as_of: A date without a year is of this moment's year, or of the next one if that is over half a year
            before it; *now* when left out.

    Returns:
        Aware, in the zone of *now*; it may lie in the past when a date says so.

    Raises:
        UnreadableMoment: no moment can be read from it, or it is over a year ahead.
    """
    start = now if base is None else base.astimezone(now.tzinfo)
    year_of = now if as_of is None else as_of.astimezone(now.tzinfo)
    try:
        found = _read(plain_line(text, zone_name=now.tzname() or ""), now, start, year_of)
    except (ValueError, OverflowError):
        found = None
    if found is None or found > max(now, year_of) + FURTHEST:
        raise UnreadableMoment(text, now=now)
    return found


def names_span(text: str) -> bool:
    """Return True if *text* says how long something lasts ("3h"), and not when it ends ("18:00")."""
    return _IN.fullmatch(plain_line(text)) is not None


def _read(line: str, now: datetime, base: datetime, year_of: datetime) -> datetime | None:
    if line in NOW and line:
        return now
    if ahead := _IN.fullmatch(line):
        return (base.astimezone(UTC) + span_of(ahead[1])).astimezone(now.tzinfo)
    if ISO.fullmatch(line):
        return datetime.fromisoformat(line.upper()).astimezone(now.tzinfo)
    at = _AT.fullmatch(with_signs(line))
    return _at(at, now, base, year_of) if at else None


def _at(found: re.Match[str], now: datetime, base: datetime, year_of: datetime) -> datetime:
    clock = time(int(found["hour"]), int(found["minute"]))
    if found["month"]:
        return _on_date(found, clock, year_of)
    if found["word"]:
        return local_time(now.date() + timedelta(days=_DAYS[found["word"]]), clock, now)
    at = local_time(base.date(), clock, now)
    return at if at > base else local_time(base.date() + timedelta(days=1), clock, now)


def _on_date(found: re.Match[str], clock: time, now: datetime) -> datetime:
    month, day = int(found["month"]), int(found["day"])
    year = int(found["year"]) if found["year"] else now.year
    at = local_time(now.date().replace(year=year, month=month, day=day), clock, now)
    # "1/2 10:00" typed in December is next year's.
    if not found["year"] and at < now - timedelta(days=183):
        return local_time(at.date().replace(year=year + 1), clock, now)
    return at
