"""Ways to page people outside Discord, and how a page there and an incident here are kept in step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class Also(StrEnum):
    """A way beside Discord, as a step of the ladder and a person's own settings name it."""

    EMAIL = "email"
    PUSH = "push"  # to a phone: by each push service at which the person has an address
    PAGERDUTY = "pagerduty"
    WEBHOOK = "webhook"

    @property
    def is_personal(self) -> bool:
        """Return True if a page by this way goes to each person; the others go out once for the incident."""
        return self in (Also.EMAIL, Also.PUSH)


class Way(StrEnum):
    """The system by which a page reaches a person outside Discord."""

    EMAIL = "email"
    NTFY = "ntfy"
    PUSHOVER = "pushover"
    PAGERDUTY = "pagerduty"
    WEBHOOK = "webhook"


#: The systems that each way beside Discord goes to.
SYSTEMS: Final[Mapping[Also, tuple[Way, ...]]] = {
    Also.EMAIL: (Way.EMAIL,),
    Also.PUSH: (Way.NTFY, Way.PUSHOVER),
    Also.PAGERDUTY: (Way.PAGERDUTY,),
    Also.WEBHOOK: (Way.WEBHOOK,),
}

#: The ways to one person, in the order in which they are tried when one fails.
PERSONAL: Final = (Way.NTFY, Way.PUSHOVER, Way.EMAIL)


def next_way(tried: Sequence[Way], reachable: Sequence[Way]) -> Way | None:
    """Return the way to try after *tried* have failed; None: there is none left.

    Args:
        reachable: The ways by which the person can be reached.
    """
    return next((way for way in PERSONAL if way in reachable and way not in tried), None)


#: How long to wait before a page is sent again to a system that pages people itself, after each time that it
#: did not take the page: no other way can take its place.
_AGAIN: Final = tuple(timedelta(minutes=minutes) for minutes in (5, 10, 10, 10, 15, 15, 30, 30))


def again_after(times: int) -> timedelta | None:
    """Return how long to wait before such a page is sent again; None: it is not.

    Args:
        times: How often it was given up before.
    """
    return _AGAIN[times] if times < len(_AGAIN) else None


class SyncedState(StrEnum):
    """The state of a page that the paging system and the bot last agreed on."""

    RINGING = "ringing"
    ANSWERED = "answered"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class SyncedPage:
    """A page that is kept in step with its incident.

    Attributes:
        reference: What the system calls it.
        state: The column `told`: an answer there and an acknowledgement here both make it "answered".
        failures: Looks in a row that have failed.
        begun_at: When it was sent.
    """

    delivery_id: int
    guild_id: int
    incident_id: int
    way: Way
    reference: str
    state: SyncedState
    failures: int
    begun_at: datetime


#: How long a page has been ringing -> how often it is asked about. PagerDuty allows 960 requests a minute.
_ASKED_EVERY: Final = (
    (timedelta(minutes=15), timedelta(seconds=10)),
    (timedelta(hours=3), timedelta(seconds=30)),
)
_LATER: Final = timedelta(minutes=5)

#: How often to check whether the incident has ended, so that the system can be told.
_END_EVERY: Final = timedelta(seconds=30)
_FIRST_PAUSE: Final = timedelta(seconds=10)
_LONGEST_PAUSE: Final = timedelta(minutes=5)

#: How long a page is kept in step. An emergency message of Pushover ends by itself after three hours.
_GIVE_UP_AFTER: Final = {Way.PUSHOVER: timedelta(hours=4), Way.PAGERDUTY: timedelta(days=14)}


def is_given_up(page: SyncedPage, *, now: datetime) -> bool:
    """Return True if the page is so old that the bot stops asking its system about it."""
    return now - page.begun_at > _GIVE_UP_AFTER.get(page.way, timedelta())


def next_look(page: SyncedPage, *, now: datetime) -> timedelta:
    """Return how long to wait before the next look at a page, after a look that has worked."""
    age = now - page.begun_at
    if page.state is SyncedState.RINGING:
        return next((every for until, every in _ASKED_EVERY if age < until), _LATER)
    return _END_EVERY if age < timedelta(hours=3) else _LATER


def pause_after(failures: int, *, asked_s: float | None) -> timedelta:
    """Return how long to wait after the system has failed *failures* times in a row, >= 1."""
    doubled: int = 1 << min(failures - 1, 10)
    pause = min(_FIRST_PAUSE * doubled, _LONGEST_PAUSE)
    return max(pause, timedelta(seconds=asked_s or 0.0))
