"""The ways by which a page leaves Discord."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
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
