"""Which undelivered notifications a list has."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

#: The HTTP status of a filter for failures to which no answer came.
NO_ANSWER: Final = 0

#: Hours that a list reaches back unless it is asked for others, and at most.
USUAL_HOURS: Final = 24
MOST_HOURS: Final = 720


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
