"""Undelivered notifications as people ask for them: who may, the three questions, one entry, files."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import Posted
from bot.domain.dlq import (
    SHORTEST,
    Cursor,
    DlqEntry,
    DlqFilter,
    DlqPage,
    DlqView,
    MostSevere,
    StatusCounts,
    failure_id,
    is_ours,
)
from bot.domain.errors import UserError
from bot.domain.incident.incident import label_of
from bot.domain.people import Person
from bot.domain.text import short_digest, storable
from bot.runbook.model import Policy
from bot.services.ports import DlqStore
from bot.services.shared.access import Access
from bot.storage.store import Store
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import AuditRows
from cogs.dlq.policy import DlqRules
from cogs.dlq.rules import (
    EntryOrigin,
    ReplayRecord,
    SeenFailure,
    hours_since,
    read_view,
    with_period,
    with_status,
    written_view,
)
from cogs.dlq.store import EntryOrigins, KeptViews, ReplayRecords

#: How far back a short id is looked for, as far as a list reaches.
OFFERED_HOURS: Final = 720


class DlqReading:
    """Reads entries for a guild.

    The table belongs to one organisation: a guild of several sees it only if its policy says who may.
    """

    def __init__(self, store: Store, failures: DlqStore, policy: Policy, access: Access) -> None:
        self._store = store
        self._failures = failures
        self._policy = policy
        self._access = access

    def allows(self, by: Person, permission: str) -> bool:
        """Return True if *by* may ask; nothing is recorded."""
        return self._policy.sees_dlq and self._access.allows(by, permission)

    async def admit(self, by: Person, permission: str, *, guild_id: int, act: str) -> None:
        """Let *by* pass, or record the refusal.

        Raises:
            NotPermitted; UserError: no one in this guild may.
        """
        if not self._policy.sees_dlq:
            data = AuditData(act=act, facts={"here": False})
            await AuditRows(self._store.sql).audit(
                guild_id=guild_id, by=by, action=permission, allowed=False, data=data
            )
            raise UserError("dlq_not_here")
        await self._access.require(by, permission, guild_id=guild_id, act=act)

    async def key(self, text: str) -> str:
        """Return the id that *text* names: a whole one, or the last characters of a recent entry's.

        Raises:
            UserError: not an id, no such entry, or several.
        """
        typed = text.strip().strip("`")
        entries = await self._failures.named(typed, hours=OFFERED_HOURS) if typed else []
        if len(entries) > 1:
            raise UserError("dlq_id_ambiguous", value=typed)
        if not entries and len(typed) < SHORTEST:
            raise UserError("dlq_bad_id", value=typed)
        if not entries:
            raise UserError("dlq_entry_not_found", entry=typed)
        return entries[0]

    async def entry(self, key: str, *, guild_id: int) -> tuple[DlqEntry, EntryOrigin | None]:
        """Read an entry and the delivery that it is about; of a private incident it has no words.

        Perhaps the incident became private a moment ago, and its rows have not been emptied yet.
        """
        entry = await self._failures.entry(key)
        origin = (await self.origins([entry], guild_id=guild_id)).get(entry.id)
        if origin is not None and origin.incident_id is not None:
            incident = await IncidentRows(self._store.sql).incident(origin.incident_id)
            if incident.is_private:
                entry = entry.without_words(incident.label)
        return entry, origin

    async def origins(self, entries: Sequence[DlqEntry], *, guild_id: int) -> dict[str, EntryOrigin]:
        """Return the deliveries of ours that the entries are about, by the entry's id; others have none."""
        times = sorted({entry.attempted_at for entry in entries})
        ours = [
            (failure_id(one.nonce), one) for one in await EntryOrigins(self._store.sql).at(guild_id, times)
        ]
        return {
            entry.id: origin for entry in entries for failure, origin in ours if is_ours(entry.id, failure)
        }

    async def arrived(self, failures: Sequence[DlqEntry | SeenFailure], *, guild_id: int) -> frozenset[str]:
        """Return the ids of those that have arrived since: once Discord was back, or as a replay."""
        if not failures:
            return frozenset()
        times = sorted({one.attempted_at for one in failures})
        late = [failure_id(nonce) for nonce in await EntryOrigins(self._store.sql).sent_late(guild_id, times)]
        replays = await ReplayRecords(self._store.sql).of_each([one.id for one in failures])
        replayed = {replay.entry_id for replay in replays if replay.posted is not None}
        return frozenset(
            one.id
            for one in failures
            if one.id in replayed or any(is_ours(one.id, failure) for failure in late)
        )

    async def masked(self, entries: tuple[DlqEntry, ...], *, guild_id: int) -> tuple[DlqEntry, ...]:
        """Return *entries*, those about private incidents without words, as `entry` does for one."""
        if not entries:
            return entries
        moments = [entry.attempted_at for entry in entries]
        secret = await EntryOrigins(self._store.sql).private(guild_id, min(moments), max(moments))
        owned = [(failure_id(one.nonce), one.incident_id) for one in secret if one.incident_id is not None]
        shown = []
        for entry in entries:
            of = next((number for failure, number in owned if is_ours(entry.id, failure)), None)
            shown.append(entry if of is None else entry.without_words(label_of(of)))
        return tuple(shown)


@dataclass(frozen=True, slots=True)
class EntryView:
    """One failure, whether a person sent it again, and where it arrived by itself later.

    Attributes:
        may_replay: The reader may send it again, as far as their roles go.
    """

    entry: DlqEntry
    replay: ReplayRecord | None
    delivered: Posted | None = None
    may_replay: bool = True


class Dlq:
    """Shows one DLQ entry with its payload."""

    def __init__(self, store: Store, reading: DlqReading) -> None:
        self._store = store
        self._reading = reading

    async def entry(self, entry_id: str, *, by: Person, guild_id: int) -> EntryView:
        """Return one failure with its payload.

        Raises:
            NotPermitted; UserError: not an id, or no such entry.
        """
        await self._reading.admit(by, "dlq", guild_id=guild_id, act="entry")
        key = await self._reading.key(entry_id)
        entry, origin = await self._reading.entry(key, guild_id=guild_id)
        delivered = None if origin is None else origin.delivered
        may_replay = self._reading.allows(by, "replay")
        return EntryView(entry, await ReplayRecords(self._store.sql).of(key), delivered, may_replay)


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
        arrived = await self._reading.arrived(page.entries, guild_id=guild_id)
        entries = await self._reading.masked(page.entries, guild_id=guild_id)
        return replace(page, entries=entries, arrived=arrived)

    async def most_severe(self, *, by: Person, guild_id: int) -> MostSevere:
        """P0 で email backup が送られたか. Raises NotPermitted."""
        await self._reading.admit(by, "dlq", guild_id=guild_id, act="p0_email")
        page = await self._failures.most_severe(limit=P0_LIMIT)
        arrived = await self._reading.arrived(page.entries, guild_id=guild_id)
        entries = await self._reading.masked(page.entries, guild_id=guild_id)
        return replace(page, entries=entries, arrived=arrived)

    async def hours(self, view: DlqView) -> int:
        """Return how many hours back a view reaches, rounded up."""
        since = view.filter.since
        if since is None:
            return view.filter.hours
        return hours_since(since, now=await self._store.now())

    async def http_statuses(self, *, hours: int, by: Person, guild_id: int) -> StatusCounts:
        """Discord 自体の障害を疑うとき. Raises NotPermitted."""
        await self._reading.admit(by, "dlq", guild_id=guild_id, act="http_status")
        return await self._failures.http_statuses(hours=hours)

    async def filter(
        self, criteria: DlqFilter, *, period: str = "", status: str = "", by: Person, guild_id: int
    ) -> DlqPage:
        """Show the first page of a filter with a period and a status as *by* has typed them.

        Args:
            criteria: Whatever else is asked for; its own period holds if *period* is empty.

        Raises:
            NotPermitted; UserError: one of the two cannot be read.
        """
        criteria = await self.narrowed(criteria, period=period, status=status)
        return await self.recent(DlqView(criteria), by=by, guild_id=guild_id)

    async def narrowed(self, criteria: DlqFilter, *, period: str, status: str) -> DlqFilter:
        """Return *criteria* for a period and a status as a person has typed them; its own hold if left empty.

        Raises:
            UserError: one of the two cannot be read.
        """
        if period.strip():
            now = await self._store.now()
            criteria = with_period(criteria, period, now=now, timezone=self._policy.timezone)
        return with_status(criteria, status) if status.strip() else criteria

    async def offered(self, typed: str, *, by: Person, guild_id: int, limit: int) -> list[DlqEntry]:
        """Return the latest failures whose id or title has *typed*; none to a person who may not look.

        Raises:
            DlqUnavailable: the table cannot be read.
        """
        if not self._reading.allows(by, "dlq"):
            return []
        wanted = typed.strip().strip("`")
        part = wanted.casefold()
        latest = await self._failures.page(DlqView(DlqFilter(hours=OFFERED_HOURS)), size=_OFFERED)
        fitting = (one for one in latest.entries if part in f"{one.id} {one.title or ''}".casefold())
        entries = list(islice(fitting, limit))
        if not entries and wanted:
            entries = await self._failures.ending_in(wanted, hours=OFFERED_HOURS, limit=limit)
        return list(await self._reading.masked(tuple(entries), guild_id=guild_id))

    async def export(
        self, criteria: DlqFilter, *, by: Person, guild_id: int
    ) -> AsyncIterator[Sequence[DlqEntry]]:
        """Yield what the filter matches, newest first, some at a time, as many as the policy allows.

        Raises:
            NotPermitted.
        """
        await self._reading.admit(by, "dlq", guild_id=guild_id, act="export")
        data = AuditData(act="export", facts={"view": written_view(DlqView(criteria))})
        await AuditRows(self._store.sql).audit(
            guild_id=guild_id, by=by, action="dlq", allowed=True, data=data
        )
        left, after = self._policy.of(DlqRules).export_at_most, None
        while left > 0:
            size = min(left, _AT_A_TIME)
            entries = await self._failures.export(criteria, after=after, size=size, longest=_LONGEST_PAYLOAD)
            if not entries:
                return
            yield await self._reading.masked(tuple(entries), guild_id=guild_id)
            left -= len(entries)
            after = Cursor(entries[-1].attempted_at, entries[-1].id)

    async def handles(self, views: Sequence[DlqView], *, guild_id: int, longest: int) -> tuple[str, ...]:
        """Return a text for each view that a button can carry; a longer one is kept in our database.

        Args:
            longest: Characters that a button has room for, >= 25.
        """
        states = [storable(written_view(view)) for view in views]
        long = {_token(state): state for state in states if len(state) > longest}
        if long:
            await KeptViews(self._store.sql).keep(guild_id, long)
        return tuple(f"{_KEPT}{_token(state)}" if len(state) > longest else state for state in states)

    async def view(self, handle: str, *, guild_id: int) -> DlqView:
        """Return the view that a button carries.

        Raises:
            UserError: it was kept in our database, and was not used for a month.
        """
        state: str | None = handle
        if handle.startswith(_KEPT):
            state = await KeptViews(self._store.sql).state(guild_id, handle.removeprefix(_KEPT))
        if not state:
            raise UserError("control_outdated")
        try:
            return read_view(state)
        except ValueError:
            raise UserError("control_outdated") from None


def _token(state: str) -> str:
    return short_digest(state, digits=_TOKEN_DIGITS)
