"""When the trouble began, as people type it. Source: the runbook, 開始時刻(JST)を記録."""

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain.errors import UserError

#: Longest text, in characters, that is read as a time; spaces count.
LONGEST = 100

#: Older starts are a slip of the year.
OLDEST = timedelta(days=365)

# A phone's minute may turn before ours does.
CLOCK_SKEW = timedelta(minutes=1)
# "23:50" typed at 00:10 is last night; "14:05" typed at 14:00 is a slip.
_YESTERDAY_IF_AHEAD = timedelta(hours=12)
# "12/31 23:50" typed in January is last year's.
_LAST_YEAR_IF_AHEAD = timedelta(days=183)

NOW = frozenset({"", "now", "今", "いま", "たった今", "just now"})
UNITS_S = {
    **dict.fromkeys(("秒", "s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("分", "m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("時間", "h", "hr", "hrs", "hour", "hours"), 3_600),
    **dict.fromkeys(("日", "d", "day", "days"), 86_400),
}
_ONE = re.compile(r"\ban? (?=(?:minute|hour|day)\b)", re.ASCII)
_HALF_S = {"時間": 1_800, "日": 43_200}
SPAN = re.compile(rf"(\d{{1,5}}) ?({'|'.join(sorted(UNITS_S, key=len, reverse=True))})", re.ASCII)
_AGO = re.compile(rf"(?:約 ?)?((?:{SPAN.pattern} ?)+)(?:(?:ほど|くらい|ぐらい) ?)?(?:前|ago)", re.ASCII)
DATE = r"(?:(?P<year>\d{4})[-/.])?(?P<month>\d{1,2})[-/.](?P<day>\d{1,2})[ t]+"
CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?"
_DAYS_AGO = {
    **dict.fromkeys(("今日", "きょう", "today"), 0),
    **dict.fromkeys(("昨日", "きのう", "yesterday"), 1),
    **dict.fromkeys(("一昨日", "おととい"), 2),
}
_AT = re.compile(rf"(?:{DATE}|(?P<word>{'|'.join(_DAYS_AGO)})(?:の| at)? ?)?{CLOCK}", re.ASCII)

# "1時間半"; "14時5分"; "午後3:30"; "3:30 pm"; "11月24日の": each reads what those before it have left.
_AND_A_HALF = re.compile(r"(\d{1,5}) ?(時間|日)半", re.ASCII)
_HOUR = re.compile(r"(\d+)時(?!間) ?(?:(半)|(\d+)分?)?", re.ASCII)
_HALF_OF_DAY = re.compile(r"(午前|午後) ?(\d{1,2}):(\d{2})(?!\d)", re.ASCII)
_AM_PM = re.compile(r"(?<![\d:])(\d{1,2})(?::(\d{2}))? ?(a|p)\.?m\.?(?![a-z])", re.ASCII)
_DATE_SIGNS = re.compile(r"(?:(\d+)年 ?)?(\d+)月 ?(\d+)日 ?の? ?", re.ASCII)
_NOON: Final = 12
ISO = re.compile(r"\d{4}-\d{2}-\d{2}[ t]\d{2}:\d{2}.*(?:z|[+-]\d{2}:?\d{2})", re.ASCII)


class InvalidStartTime(UserError):
    """The typed text is no readable moment; the fields show examples that are.

    Args:
        text: What was typed.
        now: Aware; the examples are made from it.
    """

    def __init__(self, text: str, *, now: datetime) -> None:
        super().__init__(
            "triage.start_time_unreadable",
            text=text,
            example_time=f"{now:%H:%M}",
            example_ago_ja="5分前",
            example_ago_en="5 min ago",
            example_date=f"{now:%Y-%m-%d %H:%M}",
        )


class StartTimeInFuture(UserError):
    """The moment lies ahead: trouble cannot begin later than it is reported."""

    def __init__(self, text: str, *, start: datetime, now: datetime) -> None:
        before = start.astimezone(now.tzinfo) - timedelta(days=1)
        super().__init__(
            "triage.start_time_in_future",
            text=text,
            start=start,
            now=now,
            example_date=f"{before:%Y-%m-%d %H:%M}",
        )


class StartTimeTooOld(UserError):
    """The moment lies more than `OLDEST` back."""

    def __init__(self, text: str, *, now: datetime) -> None:
        super().__init__("triage.start_time_too_old", text=text, oldest=now - OLDEST, days=OLDEST.days)


def parse_start_time(text: str, *, now: datetime, timezone: ZoneInfo) -> datetime:
    """Return the moment that *text* means.

    Understood, in full-width signs too: nothing or "now" / "今"; "14:05", "14時5分", "午後3時半", "3pm";
    "昨日の23時", "yesterday 23:50"; "5分前", "1時間半前", "1h30m ago"; "2026-11-24 14:05", "11/24 14:05",
    "11月24日 14:05"; an ISO moment with its offset, as error trackers show it. The zone's own abbreviation
    ("JST") may follow.

    A time of day later than *now* is yesterday's when it is over 12 hours ahead, and refused otherwise;
    a date without a year is last year's when it is over half a year ahead. One minute ahead counts as now.

    Returns:
        Aware, in *timezone*, not later than *now*, at most `OLDEST` earlier.

    Raises:
        InvalidStartTime: no moment can be read from it.
        StartTimeInFuture: it lies ahead.
        StartTimeTooOld: it lies too far back.
    """
    here = now.astimezone(timezone)
    try:
        start = _read_moment(plain_line(text, zone_name=here.tzname() or ""), here)
    except (ValueError, OverflowError):
        start = None
    if start is None:
        raise InvalidStartTime(text, now=here)
    if start > here + CLOCK_SKEW:
        raise StartTimeInFuture(text, start=start, now=here)
    if start < here - OLDEST:
        raise StartTimeTooOld(text, now=here)
    return min(start, here)


def plain_line(text: str, *, zone_name: str = "") -> str:
    """Return *text* in half-width, lower case, with single blanks, without "JST" or 頃 at the end.

    Raises:
        ValueError: it is longer than any moment. What follows need not be quick with such a text.
    """
    if len(text) > LONGEST:
        raise ValueError(len(text))
    line = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    line = _ONE.sub("1 ", line.replace("half an hour", "30 min"))
    line = _AND_A_HALF.sub(lambda span: f"{span[1]}{span[2]} {_HALF_S[span[2]] // 60}分", line)
    line = re.sub(r" ?(?:頃|ごろ|ころ)$", "", line)
    return line.removesuffix(zone_name.casefold()).rstrip() if zone_name else line


def _read_moment(line: str, now: datetime) -> datetime | None:
    """Return the moment meant, or None. *now* carries the zone.

    Raises:
        ValueError, OverflowError: it looks like a moment, but there is none such (25:00, 2/30).
    """
    if line in NOW:
        return now
    if ago := _AGO.fullmatch(line):
        return now - span_of(ago[1])
    if ISO.fullmatch(line):
        return datetime.fromisoformat(line.upper()).astimezone(now.tzinfo)
    at = _AT.fullmatch(with_signs(line))
    return _at(at, now) if at else None


def span_of(text: str) -> timedelta:
    """Return the sum of "1h30m" or "2時間 5分"."""
    return sum((int(n) * timedelta(seconds=UNITS_S[unit]) for n, unit in SPAN.findall(text)), timedelta(0))


def with_signs(line: str) -> str:
    """Return 11月24日14時5分 as 11/24 14:05, and 午後2時5分 or 2:05 pm as 14:05."""
    line = _HOUR.sub(lambda at: f"{at[1]}:{30 if at[2] else int(at[3] or 0):02}", line)
    line = _HALF_OF_DAY.sub(lambda at: _of_day(at[2], at[3], is_after_noon=at[1] == "午後"), line)
    line = _AM_PM.sub(lambda at: _of_day(at[1], at[2] or "00", is_after_noon=at[3] == "p"), line)
    line = _DATE_SIGNS.sub(lambda day: "/".join(part for part in day.groups() if part) + " ", line)
    return " ".join(line.split())


def names_day(text: str) -> bool:
    """Return True if *text* says which day it means: by a date, a word such as 昨日, or a span of time."""
    line = plain_line(text)
    at = _AT.match(with_signs(line))
    return at is None or at["month"] is not None or at["word"] is not None


def _of_day(hour: str, minute: str, *, is_after_noon: bool) -> str:
    """Return a time of the 24-hour clock. Half past twelve counts as on a clock's face: 午後12:30 is 12:30.

    Raises:
        ValueError: there is no such hour of the morning.
    """
    count = int(hour)
    if count == _NOON:
        count = 0
    if count > _NOON and not is_after_noon:
        raise ValueError(hour)
    return f" {count + _NOON if is_after_noon and count < _NOON else count}:{minute}"


def _at(typed: re.Match[str], now: datetime) -> datetime:
    """Return a time of day, on the day it most likely belongs to."""
    clock = time(int(typed["hour"]), int(typed["minute"]), int(typed["second"] or 0))
    if typed["month"]:
        return _on_date(typed, clock, now)
    start = local_time(now.date(), clock, now)
    if typed["word"]:
        return local_time(now.date() - timedelta(days=_DAYS_AGO[typed["word"]]), clock, now)
    if start - now > _YESTERDAY_IF_AHEAD:
        return local_time(now.date() - timedelta(days=1), clock, now)
    return start


def _on_date(typed: re.Match[str], clock: time, now: datetime) -> datetime:
    month, day = int(typed["month"]), int(typed["day"])
    if typed["year"]:
        return local_time(date(int(typed["year"]), month, day), clock, now)
    start = local_time(date(now.year, month, day), clock, now)
    if start - now > _LAST_YEAR_IF_AHEAD:
        return local_time(date(now.year - 1, month, day), clock, now)
    return start


def local_time(day: date, clock: time, now: datetime) -> datetime:
    # Through UTC, so that a time that a DST change skips becomes one that exists.
    return datetime.combine(day, clock, tzinfo=now.tzinfo).astimezone(UTC).astimezone(now.tzinfo)
