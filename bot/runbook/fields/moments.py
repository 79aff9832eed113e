"""The types of the durations, times and dates of the policy file, with their rules."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain.calendar.typed_times import parse_duration
from bot.domain.oncall.rotation import Unit, parse_turn
from bot.domain.severity import NEXT_BUSINESS_DAY, Deadline
from bot.domain.statistics.load import NO_SLEEP, SleepHours
from bot.runbook.days_off.calendar import NO_HOLIDAYS, public_holidays
from bot.runbook.fields.rules import Rule
from bot.runbook.fields.values import or_none, string

ACK_DEADLINE = "ack_deadline"
_LONGEST = timedelta(days=30)  # ours: a longer wait is a slip of the unit
_DURATION = 'a number with s, m, h or d ("15m")'


def _duration(value: object, *, least: timedelta) -> timedelta:
    span = parse_duration(string(value))
    if not least <= span <= _LONGEST:
        raise ValueError(span)
    return span


def _positive(value: object) -> timedelta:
    return _duration(value, least=timedelta(seconds=1))


def _deadline(value: object) -> Deadline:
    return NEXT_BUSINESS_DAY if value == NEXT_BUSINESS_DAY.value else _positive(value)


def _after(value: object) -> timedelta | None:
    return None if value == ACK_DEADLINE else _duration(value, least=timedelta(0))


def _span(allowed: str, read: Callable[[object], object]) -> Rule:
    return Rule("a duration", f"{_DURATION}, {allowed}", read)


_POSITIVE = _span("1s to 30d", _positive)
Duration = Annotated[timedelta, _POSITIVE]
DurationOrNone = Annotated[timedelta | None, or_none(_POSITIVE)]
Repeat = Annotated[timedelta, _span("1m to 30d", lambda value: _duration(value, least=timedelta(minutes=1)))]
#: Between two requests to the same system.
Interval = Annotated[
    timedelta, _span("10s to 30d", lambda value: _duration(value, least=timedelta(seconds=10)))
]
AckWithin = Annotated[Deadline, _span(f'1s to 30d, or "{NEXT_BUSINESS_DAY}"', _deadline)]
UpdateEvery = Annotated[Deadline | None, or_none(_span(f'1s to 30d, "{NEXT_BUSINESS_DAY}"', _deadline))]
After = Annotated[timedelta | None, _span(f'0s to 30d, or "{ACK_DEADLINE}"', _after)]
#: How long a turn is: a number and its unit.
Turn = Annotated[
    tuple[int, Unit],
    Rule(
        "the length of a turn",
        'a number with h, d or w ("1w", "1d", "12h"), up to a year',
        lambda value: parse_turn(string(value)),
    ),
]


_MOST_DAYS = 60  # ours: what is due later than in a quarter is forgotten


def _business_days(value: object) -> int:
    match = re.fullmatch(r"([1-9]\d?) business days?", string(value), re.ASCII)
    if match is None or int(match[1]) > _MOST_DAYS:
        raise ValueError(value)
    return int(match[1])


BusinessDays = Annotated[
    int,
    Rule("a number of business days", f'"1 business day" to "{_MOST_DAYS} business days"', _business_days),
]


def _time(value: object) -> time:
    if isinstance(value, time):
        return value
    return datetime.strptime(string(value), "%H:%M").time()  # noqa: DTZ007  # a time of day has no zone


def _date(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    return date.fromisoformat(string(value))


Time = Annotated[time, Rule("a time of day", 'hours and minutes, 00:00 to 23:59 ("18:00")', _time)]
Date = Annotated[date, Rule("a date", 'year-month-day ("2026-12-30")', _date)]


def _hours(value: object) -> SleepHours:
    text = string(value)
    if text == "none":
        return NO_SLEEP
    start, end = text.split("-")
    return SleepHours(_time(start), _time(end))


Sleep = Annotated[SleepHours, Rule("a span of hours", 'two times of day ("22:00-07:00"), or "none"', _hours)]


def _timezone(value: object) -> ZoneInfo:
    try:
        return ZoneInfo(string(value))
    except (ZoneInfoNotFoundError, OSError) as error:  # OSError: "Asia" is a folder of the zone files
        raise ValueError(value) from error


def _country(value: object) -> str:
    code = string(value)
    if code != NO_HOLIDAYS:
        public_holidays(code)
    return code


Timezone = Annotated[ZoneInfo, Rule("a time zone", 'an IANA name ("Asia/Tokyo")', _timezone)]
Country = Annotated[str, Rule("a known country", 'an ISO code ("JP", "US-CA"), or "none"', _country)]
