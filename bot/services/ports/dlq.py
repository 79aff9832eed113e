"""The table of notifications that were not delivered."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from bot.domain.dlq import DlqCounts, DlqEntry, DlqFilter, DlqPage, NewFailure, StatusCount


class DlqStore(Protocol):
    """`admin.notification_failures`, perhaps in another database behind a transaction pooler."""

    async def page(self, asked: DlqFilter, *, number: int, size: int) -> DlqPage:
        """Answer the runbook's first question: failures, newest first, or the last page."""

    async def p0_failed(self, *, limit: int) -> list[DlqEntry]:
        """Answer the second question: P0 that failed, and whether the email went out; newest first."""

    async def http_statuses(self, *, hours: int) -> list[StatusCount]:
        """Answer the third question: failures per HTTP status, most frequent first."""

    async def entry(self, entry_id: UUID) -> DlqEntry:
        """Return one failure with its payload.

        Raises:
            UserError: no such entry.
        """

    async def ids_ending_in(self, digits: str, *, hours: int) -> list[UUID]:
        """Return the failures of the last *hours* whose id ends in these hexadecimal digits, two at most."""

    async def counts(self, start: datetime, end: datetime) -> DlqCounts:
        """Count the failures in [start, end), without those of drills."""

    async def record(self, failure: NewFailure) -> None:
        """Write a failure of our own; the same id twice leaves one row (later flag, title, payload)."""

    async def redact(self, ids: Sequence[UUID], *, title: str | None) -> None:
        """Delete the payloads of those of *ids* that are there, and give them *title* unless that is None."""

    async def missing_columns(self) -> tuple[str, ...]:
        """Return the columns that the runbook names and the table does not have; ("*",) without a table."""
