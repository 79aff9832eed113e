"""The clock, and the systems beside Discord: failed notifications, live checks, a heartbeat, charts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from bot.domain.charts import Chart
from bot.domain.dlq import (
    Cursor,
    DlqCounts,
    DlqEntry,
    DlqFilter,
    DlqPage,
    DlqView,
    MostSevere,
    NewFailure,
    StatusCounts,
    TableReport,
)
from bot.domain.systems import CheckResult, SystemKind

#: Seconds that a person waits for an answer at most.
PATIENCE_S: Final = 4.0


class Clock(Protocol):
    """Tells the time; the services ask nothing else for "now"."""

    async def now(self) -> datetime:
        """Return the database's time, aware: the one clock that all instances share."""


class Charts(Protocol):
    """Draws charts. A picture is an addition to words: without it, the words go out alone."""

    async def draw(self, charts: Sequence[Chart], *, within_s: float = PATIENCE_S) -> list[bytes | None]:
        """Return each chart as a PNG; None for one that failed or was not ready *within_s*.

        A chart that was drawn lately comes at once.
        """


class Heartbeat(Protocol):
    """An external service that raises the alarm when no ping comes."""

    async def ping(self) -> None:
        """Say that all is well.

        Raises:
            UpstreamUnavailable: the service has not accepted it.
        """


class LiveCheck(Protocol):
    """Looks at one system without changing anything there."""

    @property
    def system(self) -> SystemKind:
        """Return the kind of system."""

    @property
    def name(self) -> str:
        """Return which one of its kind; "" if there is only one."""

    async def look(self) -> CheckResult:
        """Return the state of the system.

        Raises:
            UpstreamUnavailable, StorageUnavailable: it could not be looked at.
        """


class DlqStore(Protocol):
    """The policy's table of undelivered notifications, perhaps in another database behind a pooler.

    Every method raises DlqUnavailable when that cannot be asked in time, DlqMisfit when the table is not as
    the policy describes it. A column that the table lacks reads as None.
    """

    async def page(self, view: DlqView, *, size: int) -> DlqPage:
        """Answer the runbook's first question: failures, newest first, from a place in the list on."""

    async def matching(self, search: DlqFilter, *, limit: int, longest: int) -> list[DlqEntry]:
        """Return the failures that *search* admits, oldest first: payloads of at most *longest* bytes too."""

    async def most_severe_since(self, since: datetime, *, after: Cursor | None, limit: int) -> list[DlqEntry]:
        """Return failures of the highest severity that were given up, oldest first, without payloads.

        Args:
            after: Only those behind this place, on which the cursor looks with `is_newer`.
        """

    async def most_severe(self, *, limit: int) -> MostSevere:
        """Answer the second question: P0 that failed, and whether the email went out; newest first."""

    async def http_statuses(self, *, hours: int) -> StatusCounts:
        """Answer the third question: failures per HTTP status, most frequent first."""

    async def export(
        self, search: DlqFilter, *, after: Cursor | None, size: int, longest: int
    ) -> list[DlqEntry]:
        """Return what a file has of failures, newest first: payloads of at most *longest* bytes as well."""

    async def entry(self, entry_id: str) -> DlqEntry:
        """Return one failure with its payload.

        Raises:
            UserError: no such entry.
        """

    async def named(self, typed: str, *, hours: int) -> list[str]:
        """Return the ids that *typed* names: the one that it is, else two, at most, that end in it.

        Args:
            hours: How far back an ending is looked for.
        """

    async def ending_in(self, typed: str, *, hours: int, limit: int) -> list[DlqEntry]:
        """Return the failures of the last *hours* whose id ends in what was *typed*, newest first."""

    async def counts(self, start: datetime, end: datetime) -> DlqCounts:
        """Count the failures in [start, end), without those of drills."""

    async def record(self, failure: NewFailure) -> None:
        """Write a failure of our own, if the table takes it and as far as it has columns for it.

        The same id twice leaves one row (later flag, title, payload).
        """

    async def redact(self, ids: Sequence[UUID], *, title: str | None) -> None:
        """Delete the payloads of those of *ids* that are there, and give them *title* unless that is None."""

    async def report(self) -> TableReport:
        """Look at the table anew: what the policy describes differently, and what is off therefore."""
