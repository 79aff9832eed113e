"""A round of live checks about an incident, and the message that fills in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Self

from bot.domain.payloads import Payload
from bot.domain.systems.results import CheckResult, SystemKind, worst_first
from bot.domain.timeline.entries import EntryData, TimelineKind

#: The least time between two rounds about one incident.
PAUSE: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class CheckRound:
    """The last round of an incident; a next one takes its place.

    Attributes:
        round: Its number.
        post: The number of the message that shows it.
        target: The one that was asked about; None: those of the incident.
        asked_by_id, asked_by: Who asked; None: it began by itself.
        finished_at: When the results were complete; None while they are not.
    """

    guild_id: int
    incident_id: int
    round: int
    post: int
    target: str | None
    asked_by_id: int | None
    asked_by: str | None
    asked_at: datetime
    results: tuple[CheckResult, ...] = ()
    finished_at: datetime | None = None

    @property
    def post_key(self) -> str:
        """Return the key of its message, without the incident's part."""
        return f"checks:{self.post}"


class ChecksShown(Payload):
    """What the message shows.

    Attributes:
        results: So far.
        systems: How many are checked in all; 0 before the round has begun.
        unconfigured: What the team has not named.
        asked_by: Who asked; None: it began by itself.
        finished_at: When all were known; None while some are not.
    """

    results: tuple[CheckResult, ...] = ()
    systems: int = 0
    unconfigured: tuple[SystemKind, ...] = ()
    asked_by: str | None = None
    finished_at: datetime | None = None

    def with_results(self, new: Sequence[CheckResult]) -> Self:
        """Return the same with *new* results, all in the order in which they are shown."""
        return replace(self, results=tuple(worst_first([*self.results, *new])))


class CheckedEntry(EntryData, kind=TimelineKind.CHECKED):
    """The results of a round of live checks, kept as evidence."""

    results: tuple[CheckResult, ...] = ()
