"""Reads a DLQ filter as people type it: a period, and the status of the notification."""

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain.calendar.start_time import (
    SPAN,
    InvalidStartTime,
    StartTimeInFuture,
    StartTimeTooOld,
    parse_start_time,
    plain_line,
    span_of,
)
from bot.domain.dlq.views import MOST_HOURS, NO_ANSWER, USUAL_HOURS, DlqFilter
from bot.domain.errors import UserError

_LONGEST: Final = 60
_NO_ANSWER: Final = frozenset({"応答なし", "なし", "none"})
_PHRASES: Final = (
    (re.compile(r"\bhttp\s+", re.ASCII | re.IGNORECASE), ""),
    (re.compile(r"\bno answer\b", re.ASCII | re.IGNORECASE), "none"),
)
_HTTP: Final = re.compile(r"(?:http)?([1-5]\d\d)", re.ASCII)
_SPANS: Final = re.compile(rf"(?:{SPAN.pattern} ?)+", re.ASCII)
_BETWEEN: Final = re.compile(r"\s*[〜~～]\s*|\s+(?:-|–|から|to|until)\s+")


def with_period(asked: DlqFilter, period: str, *, now: datetime, timezone: ZoneInfo) -> DlqFilter:
    """Return *asked* for the *period* that a person has typed.

    Understood: nothing (24 hours); "3h", "90分", "7日"; a moment, from which it reaches until now; or two of
    them with 〜 in between, the second one perhaps left out. A moment is read as `parse_start_time` does.

    Raises:
        UserError: it cannot be read, reaches back too far, or ends before it begins.
    """
    typed = period.strip()
    if not typed:
        return replace(asked, hours=USUAL_HOURS, since=None, until=None)
    line = plain_line(typed[:_LONGEST])
    if _SPANS.fullmatch(line):
        return replace(asked, hours=_hours(span_of(line), typed), since=None, until=None)
    try:
        moments = [
            parse_start_time(part, now=now, timezone=timezone) if part.strip() else None
            for part in _BETWEEN.split(typed, maxsplit=1)
        ]
    except (InvalidStartTime, StartTimeInFuture, StartTimeTooOld):  # they speak of an incident's start
        raise UserError("dlq_period_unreadable", value=typed) from None
    since, until = moments[0], moments[1] if len(moments) > 1 else None
    if since is None or (until is not None and until <= since):
        raise UserError("dlq_period_unreadable", value=typed)
    return replace(asked, since=since, until=until)


def with_status(asked: DlqFilter, typed: str) -> DlqFilter:
    """Return *asked* for the status that a person has typed: "503", "応答なし", "failed".

    Raises:
        UserError: more than one state or one HTTP status is named.
    """
    words = list(_words(typed))
    answers = [word for word in words if isinstance(word, int)]
    states = [word for word in words if isinstance(word, str)]
    if len(answers) > 1 or len(states) > 1:
        raise UserError("dlq_status_unreadable", value=typed)
    return replace(asked, http_status=answers[0] if answers else None, status=states[0] if states else None)


def _hours(span: timedelta, typed: str) -> int:
    hours = math.ceil(span / timedelta(hours=1))
    if not 1 <= hours <= MOST_HOURS:
        raise UserError("dlq_period_unreadable", value=typed)
    return hours


def _words(typed: str) -> Iterator[int | str]:
    """Yield the HTTP statuses and the states that *typed* names."""
    text = unicodedata.normalize("NFKC", typed)
    for pattern, put in _PHRASES:
        text = pattern.sub(put, text)
    for word in re.split(r"[\s,、]+", text.strip()):
        plain = word.casefold()
        if plain in _NO_ANSWER:
            yield NO_ANSWER
        elif found := _HTTP.fullmatch(plain):
            yield int(found[1])
        elif word:
            yield word
