"""Rules for the durations, times and dates of the policy file."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain.calendar.durations import parse_duration
from bot.domain.severity import NEXT_BUSINESS_DAY, Deadline
from bot.runbook.calendar import NO_HOLIDAYS, public_holidays
from bot.runbook.reader import Rule
from bot.runbook.values import string

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


def _unless_none(value: object) -> timedelta | None:
    return None if value == "none" else _positive(value)


def _deadline_unless_none(value: object) -> Deadline | None:
    return None if value == "none" else _deadline(value)


def _after(value: object) -> timedelta | None:
    return None if value == ACK_DEADLINE else _duration(value, least=timedelta(0))


REPEAT = Rule(
    "a duration",
    f"{_DURATION}, 1m to 30d",
    lambda value: _duration(value, least=timedelta(minutes=1)),
    timedelta(minutes=30),
)
DURATION = Rule("a duration", f"{_DURATION}, 1s to 30d", _positive, timedelta(minutes=30))
ACK_WITHIN: Rule[Deadline] = Rule(
    "a duration", f'{_DURATION}, 1s to 30d, or "{NEXT_BUSINESS_DAY}"', _deadline, timedelta(minutes=15)
)
UPDATE_EVERY: Rule[Deadline | None] = Rule(
    "a duration",
    f'{_DURATION}, 1s to 30d, "{NEXT_BUSINESS_DAY}", or "none"',
    _deadline_unless_none,
    NEXT_BUSINESS_DAY,
)
DURATION_OR_NONE: Rule[timedelta | None] = Rule(
    "a duration", f'{_DURATION}, 1s to 30d, or "none"', _unless_none, None
)
AFTER: Rule[timedelta | None] = Rule(
    "a duration", f'{_DURATION}, 0s to 30d, or "{ACK_DEADLINE}"', _after, timedelta(0)
)


def _time(value: object) -> time:
    if isinstance(value, time):
        return value
    return datetime.strptime(string(value), "%H:%M").time()  # noqa: DTZ007  # a time of day has no zone


def _date(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    return date.fromisoformat(string(value))


TIME = Rule("a time of day", 'hours and minutes, 00:00 to 23:59 ("18:00")', _time, time(18))
DATE = Rule("a date", 'year-month-day ("2026-12-30")', _date, date(2026, 12, 30))


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


TIMEZONE = Rule("a time zone", 'an IANA name ("Asia/Tokyo")', _timezone, ZoneInfo("UTC"))
COUNTRY = Rule("a known country", 'an ISO code ("JP", "US-CA"), or "none"', _country, NO_HOLIDAYS)
