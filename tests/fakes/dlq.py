"""`admin.notification_failures` in memory."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from bot.domain.dlq import DlqCounts, DlqEntry, DlqFilter, DlqPage, NewFailure, StatusCount
from bot.domain.drill import DLQ_MARK
from bot.domain.errors import StorageUnavailable, UserError
from tests.fakes.clock import FakeClock


class FakeDlqStore:
    """A `bot.services.ports.DlqStore`.

    Attributes:
        entries: The rows by id; a test may put its own.
        is_away: While set, everything raises StorageUnavailable.
        missing: What `missing_columns` answers.
    """

    def __init__(
        self,
        clock: FakeClock | None = None,
        entries: Iterable[DlqEntry] = (),
        *,
        gravest: str = "P0",
    ) -> None:
        self.clock = clock or FakeClock()
        self.entries = {entry.id: entry for entry in entries}
        self.is_away = False
        self.missing: tuple[str, ...] = ()
        self._gravest = gravest

    async def page(self, asked: DlqFilter, *, number: int, size: int) -> DlqPage:
        found = [
            entry
            for entry in self._since(asked.hours)
            if asked.severity in (None, entry.severity) and asked.channel in (None, entry.channel)
        ]
        pages = max(1, -(-len(found) // size))
        number = min(max(number, 1), pages)
        shown = found[(number - 1) * size : number * size]
        return DlqPage(tuple(map(_listed, shown)), number, pages, len(found), asked)

    async def p0_failed(self, *, limit: int) -> list[DlqEntry]:
        return [_listed(entry) for entry in self._newest_first() if self._is_gravest(entry)][:limit]

    async def http_statuses(self, *, hours: int) -> list[StatusCount]:
        counts = Counter(entry.http_status for entry in self._since(hours))
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0] is None, item[0]))
        return [StatusCount(status, count) for status, count in ordered]

    async def entry(self, entry_id: UUID) -> DlqEntry:
        self._check()
        if entry_id not in self.entries:
            raise UserError("dlq_entry_not_found", entry=str(entry_id))
        return self.entries[entry_id]

    async def counts(self, start: datetime, end: datetime) -> DlqCounts:
        found = [
            entry
            for entry in self._newest_first()
            if start <= entry.attempted_at < end and not (entry.title or "").startswith(DLQ_MARK)
        ]
        channels = Counter(entry.channel for entry in found)
        gravest = [entry for entry in found if self._is_gravest(entry)]
        return DlqCounts(
            total=len(found),
            by_channel=tuple(sorted(channels.items(), key=lambda item: (-item[1], item[0]))),
            p0_failed=len(gravest),
            p0_emailed=sum(bool(entry.fallback_email_sent) for entry in gravest),
        )

    async def record(self, failure: NewFailure) -> None:
        self._check()
        known, entry = self.entries.get(failure.id), _entry(failure)
        if known is not None:
            entry = replace(
                known,
                fallback_email_sent=entry.fallback_email_sent,
                title=entry.title,
                payload=entry.payload,
            )
        self.entries[failure.id] = entry

    async def redact(self, ids: Sequence[UUID], *, title: str | None) -> None:
        self._check()
        for one in self.entries.keys() & set(ids):
            self.entries[one] = replace(self.entries[one], title=title or self.entries[one].title, payload={})

    async def missing_columns(self) -> tuple[str, ...]:
        self._check()
        return self.missing

    def _newest_first(self) -> list[DlqEntry]:
        self._check()
        return sorted(self.entries.values(), key=lambda entry: (entry.attempted_at, entry.id), reverse=True)

    def _since(self, hours: int) -> list[DlqEntry]:
        start = self.clock.time - timedelta(hours=hours)
        return [entry for entry in self._newest_first() if entry.attempted_at >= start]

    def _is_gravest(self, entry: DlqEntry) -> bool:
        return entry.severity == self._gravest and entry.status == "failed"

    def _check(self) -> None:
        if self.is_away:
            raise StorageUnavailable("the DLQ's database is away")


def _listed(entry: DlqEntry) -> DlqEntry:
    """An entry as lists carry it: without the payload."""
    return replace(entry, payload=None)


def _entry(failure: NewFailure) -> DlqEntry:
    return DlqEntry(
        id=failure.id,
        attempted_at=failure.attempted_at,
        channel=failure.channel,
        severity=failure.severity,
        title=failure.title,
        http_status=failure.http_status,
        retry_count=failure.retry_count,
        error_message=failure.error_message,
        status="failed",
        fallback_email_sent=failure.fallback_email_sent,
        payload=failure.payload,
    )
