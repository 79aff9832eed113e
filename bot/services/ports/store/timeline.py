"""The timeline of incidents, and the audit log."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bot.domain.audit import AuditData, AuditQuestion, AuditRow
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry


class TimelineReads(Protocol):
    """Reads timelines, each in a statement of its own."""

    async def timeline(self, incident_id: int) -> list[TimelineEntry]:
        """Return the timeline of an incident, oldest first."""

    async def pinned_in(self, message_id: int) -> list[int]:
        """Return the numbers of the incidents to whose timeline a message was pinned."""


class TimelineWrites(Protocol):
    """The part of a transaction that adds to timelines."""

    async def record(self, incident: Incident, entry: TimelineEntry, *, by: Person, data: AuditData) -> None:
        """Append an entry about what *by* did, and audit it under the entry's kind with *data*."""

    async def add_timeline(self, incident_id: int, *entries: TimelineEntry) -> None:
        """Append *entries* to the incident's timeline."""

    async def add_timelines(self, entries: Sequence[tuple[int, TimelineEntry]]) -> None:
        """Append to the histories of several incidents, by number."""

    async def pin(self, incident_id: int, entry: TimelineEntry) -> bool:
        """Append a message of the thread (PINNED, with its "message_id"); False when it is there already."""

    async def fill_pin(self, incident_id: int, message_id: int, *, data: Mapping[str, object]) -> bool:
        """Give a pinned message without words those of *data*; False when it has some, or is not there."""

    async def timeline(self, incident_id: int) -> list[TimelineEntry]:
        """Return the timeline of an incident, oldest first, as this transaction sees it."""


class AuditLog(Protocol):
    """Records refusals, and changes that need no transaction; and reads what was recorded."""

    async def audit(
        self,
        *,
        guild_id: int,
        by: Person,
        action: str,
        allowed: bool,
        data: AuditData | None = None,
    ) -> None:
        """Record a refusal or a change outside any transaction of the caller's."""

    async def audit_rows(self, guild_id: int, asked: AuditQuestion, *, limit: int) -> list[AuditRow]:
        """Return rows of the audit log, the latest first, at most *limit*."""


class AuditWrites(Protocol):
    """The part of a transaction that records changes by people."""

    async def audit(self, *, guild_id: int, by: Person, action: str, data: AuditData | None = None) -> None:
        """Record a change that a person made, in the commit that makes it."""
