"""Where the bot reads what was deployed and merged."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from bot.domain.suspects.card import RecentChange


class ChangesCut(Exception):  # a signal to the caller, who has to say so
    """The source has more changes than were read.

    Attributes:
        found: What was read.
        read_from: The changes from then on were read, those before were not; aware.
    """

    def __init__(self, found: Sequence[RecentChange], read_from: datetime) -> None:
        super().__init__()
        self.found, self.read_from = found, read_from


#: Returns the changes from a time until another, both aware. It may return earlier or later ones as well.
#:
#: Raises:
#:     UpstreamUnavailable: the source does not say; an OutboundFailed says why.
#:     ChangesCut: not all were read.
ReadChanges: TypeAlias = Callable[[datetime, datetime], Awaitable[list[RecentChange]]]


@dataclass(frozen=True, slots=True)
class ChangeSource:
    """A system that knows of changes.

    Attributes:
        name: Of the texts about it: "github_deployments".
        about: The repository or project that it reads.
        is_partial: It knows only what it was told: that it knows of nothing means nothing.
    """

    name: str
    read: ReadChanges
    about: str = ""
    is_partial: bool = False
