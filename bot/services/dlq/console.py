"""The DLQ's console: the runbook's three questions, filters, one entry, files of what a filter matches."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from bot.domain.audit import AuditData
from bot.domain.dlq.failures import DlqEntry, DlqPage, MostSevere, StatusCounts
from bot.domain.dlq.typed_filter import with_period, with_status
from bot.domain.dlq.views import Cursor, DlqFilter, DlqView, read, written
from bot.domain.errors import UserError
from bot.domain.people import Person
from bot.domain.text import short_digest, storable
from bot.runbook.model import Policy
from bot.services.dlq.reading import OFFERED_HOURS, DlqReading
from bot.services.ports import DlqStore, Store

PAGE_SIZE: Final = 10
P0_LIMIT: Final = 20

#: Among how many entries a title is looked for, to be offered.
_OFFERED: Final = 200

#: Entries that a file takes at a time, and bytes of a payload that it has at most: memory is scarce.
_AT_A_TIME: Final = 100
_LONGEST_PAYLOAD: Final = 100_000

#: The beginning of a handle that names a view kept in our database.
_KEPT: Final = "~"
_TOKEN_DIGITS: Final = 24


class DlqConsole:
    """Answers what people ask about undelivered notifications. It writes only what its buttons show."""

    def __init__(self, store: Store, failures: DlqStore, policy: Policy, reading: DlqReading) -> None:
        self._store = store
        self._failures = failures
        self._policy = policy
        self._reading = reading

    async def recent(self, view: DlqView, *, by: Person, guild_id: int) -> DlqPage:
        """直近で配信失敗した通知. Raises NotPermitted."""
        await self._reading.admit(by, "dlq", guild_id=guild_id, act="recent")
        page = await self._failures.page(view, size=PAGE_SIZE)
        return replace(page, entries=await self._reading.masked(page.entries, guild_id=guild_id))

    async def most_severe(self, *, by: Person, guild_id: int) -> MostSevere:
        """P0 で email backup が送られたか. Raises NotPermitted."""
        await self._reading.admit(by, "dlq", guild_id=guild_id, act="p0_email")
        found = await self._failures.most_severe(limit=P0_LIMIT)
        return replace(found, entries=await self._reading.masked(found.entries, guild_id=guild_id))

    async def http_statuses(self, *, hours: int, by: Person, guild_id: int) -> StatusCounts:
        """Discord 自体の障害を疑うとき. Raises NotPermitted."""
        await self._reading.admit(by, "dlq", guild_id=guild_id, act="http_status")
        return await self._failures.http_statuses(hours=hours)

    async def filter(
        self, asked: DlqFilter, *, period: str = "", status: str = "", by: Person, guild_id: int
    ) -> DlqPage:
        """Show the first page of a filter with a period and a status as *by* has typed them.

        Args:
            asked: Whatever else is asked for; its own period holds if *period* is empty.

        Raises:
            NotPermitted; UserError: one of the two cannot be read.
        """
        asked = await self.narrowed(asked, period=period, status=status)
        return await self.recent(DlqView(asked), by=by, guild_id=guild_id)

    async def narrowed(self, asked: DlqFilter, *, period: str, status: str) -> DlqFilter:
        """Return *asked* for a period and a status as a person has typed them; its own hold if left empty.

        Raises:
            UserError: one of the two cannot be read.
        """
        if period.strip():
            now = await self._store.now()
            asked = with_period(asked, period, now=now, timezone=self._policy.timezone)
        return with_status(asked, status) if status.strip() else asked

    async def offered(self, typed: str, *, by: Person, guild_id: int, limit: int) -> list[DlqEntry]:
        """Return the latest failures whose id or title has *typed*; none to a person who may not look.

        Raises:
            DlqUnavailable: the table cannot be read.
        """
        if not self._reading.allows(by, "dlq"):
            return []
        wanted = typed.strip().strip("`")
        latest = await self._failures.page(DlqView(DlqFilter(hours=OFFERED_HOURS)), size=_OFFERED)
        fitting = (one for one in latest.entries if _has(one, wanted.casefold()))
        found = list(islice(fitting, limit))
        if not found and wanted:
            found = await self._failures.ending_in(wanted, hours=OFFERED_HOURS, limit=limit)
        return list(await self._reading.masked(tuple(found), guild_id=guild_id))

    async def export(
        self, asked: DlqFilter, *, by: Person, guild_id: int
    ) -> AsyncIterator[Sequence[DlqEntry]]:
        """Yield what the filter matches, newest first, some at a time, as many as the policy allows.

        Raises:
            NotPermitted.
        """
        await self._reading.admit(by, "dlq", guild_id=guild_id, act="export")
        data = AuditData(act="export", facts={"view": written(DlqView(asked))})
        await self._store.audit(guild_id=guild_id, by=by, action="dlq", allowed=True, data=data)
        left, after = self._policy.dlq.export_at_most, None
        while left > 0:
            size = min(left, _AT_A_TIME)
            found = await self._failures.export(asked, after=after, size=size, longest=_LONGEST_PAYLOAD)
            if not found:
                return
            yield await self._reading.masked(tuple(found), guild_id=guild_id)
            left -= len(found)
            after = Cursor(found[-1].attempted_at, found[-1].id)

    async def handles(self, views: Sequence[DlqView], *, guild_id: int, longest: int) -> tuple[str, ...]:
        """Return a text for each view that a button can carry; a longer one is kept in our database.

        Args:
            longest: Characters that a button has room for, >= 25.
        """
        states = [storable(written(view)) for view in views]
        kept = {_token(state): state for state in states if len(state) > longest}
        if kept:
            await self._store.remember_dlq_views(guild_id, kept)
        return tuple(f"{_KEPT}{_token(state)}" if len(state) > longest else state for state in states)

    async def view(self, handle: str, *, guild_id: int) -> DlqView:
        """Return the view that a button carries.

        Raises:
            UserError: it was kept in our database, and was not used for a month.
        """
        state: str | None = handle
        if handle.startswith(_KEPT):
            state = await self._store.dlq_view(guild_id, handle.removeprefix(_KEPT))
        if not state:
            raise UserError("control_outdated")
        try:
            return read(state)
        except ValueError:
            raise UserError("control_outdated") from None


def _has(entry: DlqEntry, wanted: str) -> bool:
    return wanted in f"{entry.id} {entry.title or ''}".casefold()


def _token(state: str) -> str:
    return short_digest(state, digits=_TOKEN_DIGITS)
