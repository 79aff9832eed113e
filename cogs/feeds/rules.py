"""What a calendar feed has in it, and how iCalendar writes that (RFC 5545)."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain.calendar.business_time import local_moment
from bot.domain.oncall.book import Rosters
from bot.domain.oncall.people import OnCallPerson
from bot.domain.oncall.rotation import Shift
from bot.domain.people import Person
from bot.domain.statistics.period import Span

#: How far a feed reaches from today, at least.
_PAST: Final = timedelta(days=30)
_AHEAD: Final = timedelta(days=90)

#: How long a program may keep what it has read. Google's own pace cannot be set, and is slower.
MAX_AGE: Final = timedelta(minutes=15)

_SECRET_BYTES: Final = 32
_LINE: Final = 75  # RFC 5545, 3.1: octets of a line without its end


@dataclass(frozen=True, slots=True)
class FeedRules:
    """The rules of ``[feeds]``, which has no keys: the table switches the feeds on."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A calendar that a person has an address for.

    Attributes:
        place: Whose shifts it has; empty: those of the person, at any place.
        made_at: When the address was made.
    """

    guild_id: int
    user_id: int
    place: str
    user_name: str
    username: str
    made_at: datetime

    @property
    def person(self) -> Person:
        """Return the person whose address it is, without their roles."""
        return Person(id=self.user_id, name=self.user_name, username=self.username)


@dataclass(frozen=True, slots=True)
class FeedShift:
    """A shift of a feed.

    Attributes:
        uid: The same for the same shift, whenever it is read: programs know an event by it.
    """

    uid: str
    place: str
    person: OnCallPerson
    shift: Shift


def new_secret() -> str:
    """Return 256 random bits as 43 characters of an address."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def hash_of(secret: str) -> bytes:
    """Return what is stored of a secret. To look it up tells nothing about those that nearly fit."""
    return sha256(secret.encode()).digest()


def span_of(now: datetime, *, timezone: ZoneInfo) -> Span:
    """Return the time that a feed covers: whole months, so that it is the same text for weeks."""
    today = now.astimezone(timezone)
    first = (today - _PAST).date().replace(day=1)
    after = ((today + _AHEAD).date().replace(day=1) + timedelta(days=31)).replace(day=1)
    start, end = (local_moment(day, time(), timezone=timezone) for day in (first, after))
    return Span(start, end)


def shifts_of(rosters: Rosters, feed: Feed, span: Span) -> list[FeedShift]:
    """Return the shifts of *feed* in *span*, in order."""
    found = [
        FeedShift(_uid(feed.guild_id, place, shift, span), place, rosters.people[shift.person], shift)
        for place, roster in rosters.places.items()
        if feed.place in {"", place}
        for shift in roster.shifts(span.start, span.end)
        if feed.place or rosters.people[shift.person].is_for(feed.person)
    ]
    return sorted(found, key=lambda one: (one.shift.starts, one.place))


def _uid(guild_id: int, place: str, shift: Shift, span: Span) -> str:
    # What has begun before the span begins elsewhere in the next month, and is the same shift.
    begins = "" if shift.starts == span.start else shift.starts.astimezone(UTC).isoformat()
    mark = sha256(f"{guild_id}|{place}|{shift.person}|{begins}".encode()).hexdigest()[:32]
    return f"{mark}@incident-bot"


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """An event of a calendar, in the words that programs show."""

    uid: str
    starts: datetime
    ends: datetime
    summary: str
    category: str


def calendar_text(events: Sequence[FeedEvent], *, name: str, timezone: str, stamp: datetime) -> bytes:
    """Return a calendar of *events*. The same events give the same bytes.

    Args:
        stamp: DTSTAMP of every event.
    """
    every = f"PT{int(MAX_AGE.total_seconds()) // 60}M"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//incident-bot//on-call//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{_escaped(name)}",
        f"X-WR-CALNAME:{_escaped(name)}",
        f"X-WR-TIMEZONE:{timezone}",
        f"REFRESH-INTERVAL;VALUE=DURATION:{every}",
        f"X-PUBLISHED-TTL:{every}",
    ]
    for each in events:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{each.uid}",
            f"DTSTAMP:{_utc(stamp)}",
            f"DTSTART:{_utc(each.starts)}",
            f"DTEND:{_utc(each.ends)}",
            f"SUMMARY:{_escaped(each.summary)}",
            f"CATEGORIES:{_escaped(each.category)}",
            "TRANSP:TRANSPARENT",  # being on call does not make a person busy
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line)).encode()


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(words: str) -> str:
    """Return text as a value: without control characters, and with its own commas and semicolons."""
    plain = "".join(sign for sign in words if sign.isprintable())
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _folded(line: str) -> Iterator[str]:
    """Yield a line in parts of at most 75 octets, which end between characters."""
    part, room = "", _LINE
    for sign in line:
        size = len(sign.encode())
        if size > room:
            yield part
            part, room = " ", _LINE - 1
        part += sign
        room -= size
    yield part
