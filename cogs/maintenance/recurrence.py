"""When planned maintenance comes: what people type becomes an RRULE of RFC 5545, and that becomes moments."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import islice, pairwise
from typing import Final
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from bot.domain.calendar.typed_times import local_time
from bot.domain.errors import UserError

MOST_A_DAY: Final = 24
_APART: Final = timedelta(minutes=5)
_LONGEST: Final = 200  # characters
_HORIZON: Final = 40  # occurrences that are looked at
_DAY: Final = timedelta(days=1)

_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_SIGNS: Final = dict(zip("月火水木金土日", _DAYS, strict=True))
_NAMES: Final = dict(zip(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), _DAYS, strict=True))
_ORDER: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_DAY_SIGN: Final = r"([月火水木金土日])(?:曜日?)?"
_NAMED: Final = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:days?)?"
_NTH_NAMED: Final = (
    rf"(?:every |the )?({'|'.join(_ORDER)}|[1-5](?:st|nd|rd|th)) ({_NAMED})(?: of (?:the|every) month)?"
)
_CLOCK: Final = r"(\d{1,2})(?::(\d{2})|時(?:(\d{1,2})分)?)?"
_TIMES: Final = re.compile(rf" ?{_CLOCK}(?: ?(?:-|–|~|〜|から|to) ?{_CLOCK})?(?:まで)?$", re.ASCII)
#: Frequencies below a day are refused: one of them alone can keep a computer busy for hours.
_FREQUENCY: Final = re.compile(r"FREQ=(?:DAILY|WEEKLY|MONTHLY|YEARLY)(?:;|$)")
_PARTS: Final = re.compile(
    r"(?:(?:INTERVAL=[1-9]\d{0,2}|(?:FREQ|COUNT|UNTIL|BYMONTH|BYMONTHDAY|BYDAY|BYHOUR|BYMINUTE|BYSETPOS|WKST)"
    r"=[A-Z0-9,+-]+)(?:;|$))+",
    re.ASCII,
)
#: A rule counts in wall times alone.
_UTC: Final = re.compile(r"(UNTIL=\d{8}T\d{6})Z", re.ASCII)
#: With few days a year to find, days and weeks would be walked one by one until the year 9999.
_SLOW: Final = re.compile(r"FREQ=(?:DAILY|WEEKLY).*BYMONTH|BYMONTH.*FREQ=(?:DAILY|WEEKLY)")


class UnreadableRule(UserError):
    """The typed text is no time that comes again; the fields show some that are."""

    def __init__(self, text: str) -> None:
        super().__init__("maintenance_rule_unreadable", text=text[:_LONGEST])


class TooOften(UserError):
    """The rule comes too often to be a plan of maintenance."""

    def __init__(self, text: str) -> None:
        super().__init__("maintenance_rule_too_often", text=text[:_LONGEST], most=MOST_A_DAY)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """When maintenance comes again.

    Attributes:
        rule: An RRULE, of wall times.
        lasts: How long each lasts, if the text says so.
    """

    rule: str
    lasts: timedelta | None = None

    def after(self, moment: datetime, *, first_at: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """Yield the moments after *moment*, aware; none before *first_at*, from which the rule counts.

        The wall time is that of *zone*: "2:00" is 2:00 in summer and in winter. A time that a change of the
        clocks skips becomes the one that exists instead.
        """
        local = moment.astimezone(zone)
        rule = _parsed(self.rule, first_at.astimezone(zone))
        for wall in rule.xafter(local.replace(tzinfo=None) - _DAY):
            at = local_time(wall.date(), wall.time(), local)
            if at > moment:
                yield at


def read_recurrence(text: str) -> Recurrence:
    """Return the rule that a person means by *text*.

    Understood, in full-width signs too: "毎日 2:00", "平日 9-18", "毎週日曜 2:00", "月・木 3:00-4:00",
    "月〜金 9-18", "第1月曜 3:00", "最終金曜 22:00", "毎月1日 4:00"; "every sunday 02:00",
    "first monday 03:00", "weekdays 9-18", "mon, thu 3:00", "mon-fri 9-18"; an RRULE with BYHOUR.

    Raises:
        UnreadableRule. TooOften: it comes more than `MOST_A_DAY` times a day, or with less than five minutes
            between two.
    """
    if len(text) > _LONGEST:
        raise UnreadableRule(text)
    line = " ".join(unicodedata.normalize("NFKC", text).split())
    found = _raw(line.upper(), text) if "FREQ=" in line.upper() else _words(line.casefold(), text)
    _require_rare(found, text)
    return found


def _raw(line: str, text: str) -> Recurrence:
    rule = line.removeprefix("RRULE:").replace(" ", "")
    if re.search(r"FREQ=(?:SECONDLY|MINUTELY|HOURLY)", rule) or "BYSECOND=" in rule:
        raise TooOften(text)
    is_whole = _PARTS.fullmatch(rule) and _FREQUENCY.search(rule) and "BYHOUR=" in rule
    if not is_whole or _SLOW.search(rule):
        raise UnreadableRule(text)
    return Recurrence(rule)


def _words(line: str, text: str) -> Recurrence:
    times = _TIMES.search(line)
    days = None if times is None else _days(line[: times.start()].strip())
    if times is None or days is None:
        raise UnreadableRule(text)
    try:
        begins = _clock(times, 1)
        ends = _clock(times, 4) if times[4] else None
    except ValueError:
        raise UnreadableRule(text) from None
    rule = f"{days};BYHOUR={begins.hour};BYMINUTE={begins.minute}"
    return Recurrence(rule, None if ends is None else _between(begins, ends))


def _clock(found: re.Match[str], group: int) -> time:
    hour, minute = int(found[group]), int(found[group + 1] or found[group + 2] or 0)
    return time(hour, minute)


def _between(begins: time, ends: time) -> timedelta:
    span = timedelta(hours=ends.hour - begins.hour, minutes=ends.minute - begins.minute)
    return span if span > timedelta(0) else span + _DAY


def _days(line: str) -> str | None:
    """Return the part of an RRULE that says on which days; None if it is not readable."""
    forms: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
        (r"毎日|(?:every ?)?day|daily", lambda _: "FREQ=DAILY"),
        (r"(?:毎週)?平日|(?:every )?weekdays?", lambda _: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        (r"(?:毎週)?(?:週末|土日)|(?:every )?weekends?", lambda _: "FREQ=WEEKLY;BYDAY=SA,SU"),
        (
            r"(?:毎月 ?)?第 ?([1-5]) ?([月火水木金土日])曜?日?(?:の)?",
            lambda day: f"FREQ=MONTHLY;BYDAY={day[1]}{_SIGNS[day[2]]}",
        ),
        (
            r"(?:毎月 ?)?最終 ?([月火水木金土日])曜?日?(?:の)?",
            lambda day: f"FREQ=MONTHLY;BYDAY=-1{_SIGNS[day[1]]}",
        ),
        (r"毎月 ?(\d{1,2})日|day (\d{1,2})(?: of (?:the|every) month)?", _day_of_month),
        (r"(?:毎月)?月末|last day(?: of (?:the|every) month)?", lambda _: "FREQ=MONTHLY;BYMONTHDAY=-1"),
        (
            r"(?:毎週 ?)?((?:[月火水木金土日](?:曜日?)?[・、, と]*)+)(?:の)?",
            lambda days: "FREQ=WEEKLY;BYDAY=" + _signed(days[1]),
        ),
        (
            rf"(?:毎週 ?)?{_DAY_SIGN} ?(?:[-–~〜]|から) ?{_DAY_SIGN}(?:まで)?(?:の)?",
            lambda days: _from_to(_SIGNS[days[1]], _SIGNS[days[2]]),
        ),
        (
            rf"(?:every |on |from )?({_NAMED}) ?(?:[-–~]|to|through) ?({_NAMED})",
            lambda days: _from_to(_NAMES[days[1][:3]], _NAMES[days[2][:3]]),
        ),
        (
            _NTH_NAMED,
            lambda day: f"FREQ=MONTHLY;BYDAY={_ORDER.get(day[1]) or day[1][0]}{_NAMES[day[2][:3]]}",
        ),
        (
            rf"(?:every |on )?({_NAMED}(?:(?:,| and|&)? ?{_NAMED})*)",
            lambda days: "FREQ=WEEKLY;BYDAY=" + _listed(days[1]),
        ),
    )
    plain = re.sub(r"^each ", "every ", re.sub(r" at$", "", line))
    for pattern, make in forms:
        if found := re.fullmatch(pattern, plain, re.ASCII):
            return make(found)
    return None


def _day_of_month(found: re.Match[str]) -> str:
    return f"FREQ=MONTHLY;BYMONTHDAY={int(found[1] or found[2])}"


def _from_to(first: str, last: str) -> str:
    """Return the part of an RRULE for the days from one to another, perhaps over a weekend."""
    begins, ends = _DAYS.index(first), _DAYS.index(last)
    days = [_DAYS[(begins + ahead) % len(_DAYS)] for ahead in range((ends - begins) % len(_DAYS) + 1)]
    return "FREQ=WEEKLY;BYDAY=" + ",".join(days)


def _signed(days: str) -> str:
    # The 日 of 日曜 is a day; that of 曜日 is none.
    return ",".join(dict.fromkeys(_SIGNS[sign] for sign in re.sub(r"曜日?", "", days) if sign in _SIGNS))


def _listed(days: str) -> str:
    return ",".join(dict.fromkeys(_NAMES[name[:3]] for name in re.findall(_NAMED, days)))


def _parsed(rule: str, first: datetime) -> rrule:
    start = first.replace(tzinfo=None, second=0, microsecond=0)
    found: rrule = rrulestr(_UTC.sub(r"\1", rule), dtstart=start)
    return found


_OF_LONG_SPANS: Final = re.compile(r"FREQ=(?:MONTHLY|YEARLY)")


def _require_rare(recurrence: Recurrence, text: str) -> None:
    """Refuse a rule that is none, or that comes too often; with few occurrences it is quick to know."""
    # A leap year near the end of dateutil's calendar, since dateutil looks up to the year 9999.
    start = datetime(9952, 1, 1, tzinfo=ZoneInfo("UTC"))
    try:
        if "BYSETPOS" in recurrence.rule and not _OF_LONG_SPANS.search(recurrence.rule):
            raise UnreadableRule(text)  # dateutil looks for it in each day of a thousand years
        _parsed(recurrence.rule, start)
        rule = re.sub(r";?UNTIL=[^;]*", "", recurrence.rule)
        coming = list(islice(_parsed(rule, start), _HORIZON))
    except (ValueError, TypeError, KeyError, OverflowError):
        raise UnreadableRule(text) from None
    if not coming:
        raise UnreadableRule(text)
    many = zip(coming, coming[MOST_A_DAY:], strict=False)
    if any(later - one < _APART for one, later in pairwise(coming)) or any(
        later - one < _DAY for one, later in many
    ):
        raise TooOften(text)
