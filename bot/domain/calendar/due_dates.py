"""Due dates of action items, as people type them: "12/5", "来週金曜", "3 営業日後", "in 2 weeks"."""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from bot.domain.calendar.business_time import BusinessHours
from bot.domain.calendar.start_time import plain_line
from bot.domain.errors import UserError

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
