"""Where the bot reads what was deployed and merged."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from bot.domain.suspects.card import RecentChange

#: Returns the changes from a time until another, both aware. It may return earlier or later ones as well.
#:
#: Raises:
#:     UpstreamUnavailable: the source does not say; an OutboundFailed says why.
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
