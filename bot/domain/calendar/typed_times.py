"""Days, times and durations as people type them: "1h30m", "昨日の23時", "来週金曜", "3 営業日後".

Source: the runbook, 開始時刻(JST)を記録.
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain.calendar.business_time import BusinessHours
from bot.domain.errors import UserError

# At most six digits: a longer number is a slip, and timedelta overflows at a billion days.
_DURATION = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", re.ASCII)
_UNIT_S = (86_400, 3_600, 60, 1)


def parse_duration(text: str) -> timedelta:
    """Read "15m", "4h", "30s", "1d" or "1h30m": whole numbers, units from large to small, each once.

    Raises:
        ValueError: *text* is anything else.
    """
    match = _DURATION.fullmatch(text.strip())
    if not match or not any(match.groups()):
        raise ValueError(text)
    counts = (int(count or 0) for count in match.groups())
    return timedelta(seconds=sum(count * unit for count, unit in zip(counts, _UNIT_S, strict=True)))


def format_duration(span: timedelta) -> str:
    """Write *span* so that `parse_duration` reads it back: "1h30m"; zero is "0s".

    Args:
        span: >= 0; parts of a second are dropped.

    Raises:
        ValueError: *span* is negative.
    """
    if span < timedelta(0):
        raise ValueError(f"a duration is not negative: {span}")
    left, parts = span.days * 86_400 + span.seconds, []
    for unit, name in zip(_UNIT_S, "dhms", strict=True):
        count, left = divmod(left, unit)
        parts.append(f"{count}{name}" if count else "")
    return "".join(parts) or "0s"


# As `Wording.span` writes spans in both languages, and in other spellings; a number alone is minutes.
_TYPED = re.compile(
    r"(?:(\d{1,6})(?:d|days?|日間?))?"
    r"(?:(\d{1,6})(?:h|hrs?|hours?|時間))?"
    r"(?:(\d{1,6})(?:m|mins?|minutes?|分間?|$))?"
    r"(?:(\d{1,6})(?:s|secs?|seconds?|秒間?))?",
    re.ASCII | re.IGNORECASE,
)
_ABOUT = re.compile(r"^(?:約|およそ|だいたい|about|approx\.?|~)", re.IGNORECASE)


def parse_typed_span(text: str) -> timedelta:
    """Read a span as a person types it: "45", "45 分", "1時間30分", "1h 30m", "about 2 hours", "1 d 4 h".

    Raises:
        ValueError: *text* is anything else.
    """
    bare = "".join(unicodedata.normalize("NFKC", text).split()).replace("and", "").replace(",", "")
    match = _TYPED.fullmatch(_ABOUT.sub("", bare).removesuffix("くらい").removesuffix("ほど"))
    if not match or not any(match.groups()):
        raise ValueError(text)
    counts = (int(count or 0) for count in match.groups())
    return timedelta(seconds=sum(count * unit for count, unit in zip(counts, _UNIT_S, strict=True)))


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


#: A due date that is further away is a wish.
LATEST: Final = timedelta(days=365)

_SOON: Final = timedelta(days=14)  # of the examples
_MONTHS: Final = 12
_WEEKDAYS: Final = {
    **{f"{sign}曜": number for number, sign in enumerate("月火水木金土日")},
    **{
        name: number
        for number, names in enumerate(
            (
                ("mon", "monday"),
                ("tue", "tues", "tuesday"),
                ("wed", "wednesday"),
                ("thu", "thurs", "thursday"),
                ("fri", "friday"),
                ("sat", "saturday"),
                ("sun", "sunday"),
            )
        )
        for name in names
    },
}
_WORDS: Final = {
    **dict.fromkeys(("今日", "きょう", "本日", "today"), 0),
    **dict.fromkeys(("明日", "あした", "あす", "tomorrow"), 1),
    **dict.fromkeys(("明後日", "あさって"), 2),
}
_WEEKS_ON: Final = {"": 0, "今週": 0, "this": 0, "来週": 1, "next": 1, "再来週": 2}
_ENDS: Final = {"月末": 0, "今月末": 0, "来月末": 1, "end of month": 0, "end of next month": 1}
_WEEK_ENDS: Final = {"週末": 0, "今週末": 0, "来週末": 1, "end of week": 0, "end of next week": 1}

_ISO: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", re.ASCII)
_MONTH_DAY: Final = re.compile(r"(\d{1,2})[-/.](\d{1,2})", re.ASCII)
_SIGNED: Final = re.compile(r"(?:(\d{4})年 ?)?(\d{1,2})月 ?(\d{1,2})日", re.ASCII)
_WEEKDAY: Final = re.compile(
    rf"(今週|来週|再来週|this|next)? ?の? ?({'|'.join(sorted(_WEEKDAYS, key=len, reverse=True))})日?"
)
_SPAN: Final = re.compile(
    r"(?:in )?(?P<count>\d{1,3}) ?(?:"
    r"(?P<working>営業日|business days?|working days?)|(?P<days>日|days?|d)|(?P<weeks>週間?|weeks?|w)"
    r"|(?P<months>か月|ヶ月|カ月|ヵ月|ケ月|months?)) ?(?:後|以内)?",
    re.ASCII,
)
_TRAILING: Final = re.compile(r"(?: ?(?:まで|中)(?:に)?)$|^(?:by|due|on) ")


class MissingDueDate(UserError):
    """No day was given; the field shows an example.

    Args:
        today: The local day that the example is made from.
    """

    def __init__(self, *, today: date) -> None:
        super().__init__("action_item.due_missing", example=_example(today))


class InvalidDueDate(UserError):
    """The typed text is no readable day; the fields show examples that are.

    Args:
        today: As for `MissingDueDate`.
    """

    def __init__(self, text: str, *, today: date) -> None:
        iso = (today + _SOON).isoformat()
        super().__init__("action_item.due_unreadable", text=text, example=_example(today), example_iso=iso)


class DueDatePast(UserError):
    """The due date that a person gave for an action item lies in the past."""

    def __init__(self, text: str, *, day: date, today: date) -> None:
        super().__init__("action_item.due_past", text=text, day=f"{day:%Y-%m-%d}", today=f"{today:%Y-%m-%d}")


class DueDateTooFar(UserError):
    """The day lies more than `LATEST` ahead."""

    def __init__(self, text: str, *, day: date, today: date) -> None:
        super().__init__(
            "action_item.due_too_far", text=text, day=f"{day:%Y-%m-%d}", latest=f"{today + LATEST:%Y-%m-%d}"
        )


def parse_due_date(text: str, *, today: date, hours: BusinessHours) -> date:
    """Return the day that *text* means.

    Understood, in full-width signs too: "2026-12-05", "12/5", "12月5日"; "今日", "tomorrow"; "金曜",
    "来週金曜", "next friday"; "週末", "月末", "end of next month"; "3日後", "2 weeks", "1か月後",
    "3 営業日後", "in 5 business days". まで and "by" may come with it.

    A date without a year is the next one. A weekday alone is the next one after today; 来週 and "next" are of
    the week, Monday to Sunday, that follows this one. 週末 is the last business day of the week.

    Args:
        today: The local day.

    Raises:
        MissingDueDate, DueDatePast, DueDateTooFar. InvalidDueDate: no day can be read from it.
    """
    if not text.strip():
        raise MissingDueDate(today=today)
    try:
        line = _TRAILING.sub("", plain_line(text))
        day = _read_day(line, today, hours)
    except (ValueError, OverflowError):
        day = None
    if day is None:
        raise InvalidDueDate(text, today=today)
    if day < today:
        raise DueDatePast(text, day=day, today=today)
    if day > today + LATEST:
        raise DueDateTooFar(text, day=day, today=today)
    return day


def _example(today: date) -> str:
    """Return a day soon after *today*, as people type it."""
    soon = today + _SOON
    return f"{soon.month}/{soon.day}"


def _read_day(line: str, today: date, hours: BusinessHours) -> date | None:
    """Return the day meant, or None.

    Raises:
        ValueError, OverflowError: it looks like a day, but there is none such (2/30).
    """
    if line in _WORDS:
        return today + timedelta(days=_WORDS[line])
    if line in _ENDS:
        return _months_on(today.replace(day=1), _ENDS[line] + 1) - timedelta(days=1)
    if line in _WEEK_ENDS:
        return _week_end(today, hours, weeks=_WEEK_ENDS[line])
    forms: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], date]], ...] = (
        (_ISO, lambda day: date(int(day[1]), int(day[2]), int(day[3]))),
        (_MONTH_DAY, lambda day: _next_date(today, None, day[1], day[2])),
        (_SIGNED, lambda day: _next_date(today, *day.groups())),
        (_WEEKDAY, lambda day: _weekday(today, day[1] or "", _WEEKDAYS[day[2]])),
        (_SPAN, lambda span: _after(span, today, hours)),
    )
    for pattern, make in forms:
        if match := pattern.fullmatch(line):
            return make(match)
    return None


def _next_date(today: date, year: str | None, month: str, day: str) -> date:
    if year:
        return date(int(year), int(month), int(day))
    this = date(today.year, int(month), int(day))
    # "1/10" typed in December is next year's; "11/20" typed on 11/28 is a slip, and is refused as past.
    return this if today - this < LATEST / 2 else date(today.year + 1, int(month), int(day))


def _weekday(today: date, week: str, number: int) -> date:
    if not week:
        return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)
    monday = today - timedelta(days=today.weekday())
    return monday + timedelta(days=7 * _WEEKS_ON[week] + number)


def _after(span: re.Match[str], today: date, hours: BusinessHours) -> date:
    count = int(span["count"])
    if span["working"]:
        return business_days_on(today, count, hours)
    if span["months"]:
        return _months_on(today, count)
    return today + timedelta(days=count * (7 if span["weeks"] else 1))


def _months_on(today: date, count: int) -> date:
    years, month = divmod(today.month - 1 + count, _MONTHS)
    last = monthrange(today.year + years, month + 1)[1]
    return date(today.year + years, month + 1, min(today.day, last))


def _week_end(today: date, hours: BusinessHours, *, weeks: int) -> date:
    monday = today - timedelta(days=today.weekday()) + timedelta(days=7 * weeks)
    working = [day for ahead in range(7) if hours.is_business_day(day := monday + timedelta(days=ahead))]
    end = working[-1] if working else monday + timedelta(days=4)
    return end if end >= today else _week_end(today, hours, weeks=weeks + 1)


def business_days_on(day: date, count: int, hours: BusinessHours) -> date:
    """Return the business day that is *count* business days after *day*, or before it if *count* < 0."""
    step = timedelta(days=1 if count > 0 else -1)
    left = abs(count)
    for _ in range(abs(count) * 7 + LATEST.days):
        if left == 0:
            break
        day += step
        left -= hours.is_business_day(day)
    return day
