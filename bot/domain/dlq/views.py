"""Which undelivered notifications a screen shows, and how a button remembers that."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

#: The HTTP status of a filter for failures to which no answer came.
NO_ANSWER: Final = 0

#: Hours that a list reaches back unless it is asked for others, and at most.
USUAL_HOURS: Final = 24
MOST_HOURS: Final = 720

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_BETWEEN: Final = ";"


@dataclass(frozen=True, slots=True)
class DlqFilter:
    """Which failures to list.

    Attributes:
        hours: How far back, 1..720, unless *since* says from when.
        severity: A priority as the table holds it ("P0"), or None for all.
        channel: Without '#', or None for all.
        http_status: Discord's answer; `NO_ANSWER` if there was none; None for all.
        status: A state as the table holds it ("failed"), or None for all.
        text: A part of the title or the error, in either case; None for all.
        since, until: From when (inclusive) until when, aware; *until* may be None for now.
    """

    hours: int = USUAL_HOURS
    severity: str | None = None
    channel: str | None = None
    http_status: int | None = None
    status: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list between two failures: beside the one with this moment (aware) and id.

    Attributes:
        is_newer: The page is that of the newer failures, otherwise of the older ones.
    """

    at: datetime
    id: str
    is_newer: bool = False


@dataclass(frozen=True, slots=True)
class DlqView:
    """A page of a list: what is listed, and where it begins; None: with the newest."""

    filter: DlqFilter = DlqFilter()
    cursor: Cursor | None = None


def written(view: DlqView) -> str:
    """Return *view* as a short text, which `read` reads back."""
    return _BETWEEN.join(_words(view))


def read(text: str) -> DlqView:
    """Read a view that `written` wrote.

    Raises:
        ValueError: it is no such text.
    """
    given = {word[:1]: _plain(word[1:]) for word in text.split(_BETWEEN)}
    http = given.get("x")
    asked = DlqFilter(
        hours=min(max(int(given.get("h", str(USUAL_HOURS))), 1), MOST_HOURS),
        severity=given.get("s"),
        channel=given.get("c"),
        http_status=None if http is None else int(http),
        status=given.get("t"),
        text=given.get("q"),
        since=_moment(given.get("a")),
        until=_moment(given.get("b")),
    )
    return DlqView(asked, _cursor(given.get("o"), is_newer=False) or _cursor(given.get("n"), is_newer=True))


def _words(view: DlqView) -> Iterator[str]:
    asked, cursor = view.filter, view.cursor
    yield f"h{asked.hours}"
    for sign, value in (("s", asked.severity), ("c", asked.channel), ("t", asked.status), ("q", asked.text)):
        if value is not None:
            yield sign + _escaped(value)
    if asked.http_status is not None:
        yield f"x{asked.http_status}"
    for sign, moment in (("a", asked.since), ("b", asked.until)):
        if moment is not None:
            yield sign + _number(moment)
    if cursor is not None:
        yield f"{'n' if cursor.is_newer else 'o'}{_number(cursor.at)}.{_escaped(cursor.id)}"


def _cursor(text: str | None, *, is_newer: bool) -> Cursor | None:
    if text is None:
        return None
    at, _, entry_id = text.partition(".")
    moment = _moment(at)
    return None if moment is None else Cursor(moment, entry_id, is_newer)


def _number(moment: datetime) -> str:
    """Return the microseconds of *moment* since 1970 to the base of 36."""
    left, digits = (moment - _EPOCH) // _MICROSECOND, ""
    while left > 0:
        left, digit = divmod(left, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits or "0"


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return _EPOCH + int(text, len(_DIGITS)) * _MICROSECOND
    except OverflowError as error:
        raise ValueError(text) from error


def _escaped(text: str) -> str:
    """Return *text* without the sign between two words, and without line breaks."""
    return re.sub(r"[%;\r\n]", lambda sign: f"%{ord(sign[0]):02x}", text)


def _plain(text: str) -> str:
    return re.sub(r"%([0-9a-f]{2})", lambda code: chr(int(code[1], 16)), text)
