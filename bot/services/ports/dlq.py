"""The table of notifications that were not delivered."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from bot.domain.dlq import DlqCounts, DlqEntry, DlqFilter, DlqPage, NewFailure, StatusCount


class DlqStore(Protocol):
    """`admin.notification_failures`, perhaps in another database behind a transaction pooler."""

    async def page(self, asked: DlqFilter, *, number: int, size: int) -> DlqPage:
        """The runbook's first question: failures, newest first. A page past the end is the last one."""

    async def p0_failed(self, *, limit: int) -> list[DlqEntry]:
        """The runbook's second question: P0 that failed, and whether the email went out; newest first."""

    async def http_statuses(self, *, hours: int) -> list[StatusCount]:
        """The runbook's third question: failures per HTTP status, most frequent first."""

    async def entry(self, entry_id: UUID) -> DlqEntry:
        """One failure with its payload.

        Raises:
            UserError: no such entry.
        """

    async def counts(self, start: datetime, end: datetime) -> DlqCounts:
        """Failures in [start, end), those of drills left out."""

    async def record(self, failure: NewFailure) -> None:
        """Write a failure of our own; the same id twice leaves one row (later flag, title, payload)."""

    async def redact(self, ids: Sequence[UUID], *, title: str | None) -> None:
        """Leave no payload in those of *ids* that are there, and *title*, or their own if that is None."""

    async def missing_columns(self) -> tuple[str, ...]:
        """Columns that the runbook names and the table lacks; ("*",) when there is no such table."""
