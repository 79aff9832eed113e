"""The one way to change who is on call: recorded with what it added and ended, so that it can be undone."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Generic, TypeVar

import structlog

from bot.domain.audit import AuditData
from bot.domain.errors import UserError
from bot.domain.oncall.book import NewOverride
from bot.domain.people import Person
from bot.services.shared.access import Access
from bot.services.shared.roster import OnCall
from bot.storage.store import Store
from bot.storage.tables.timeline import AuditWrites
from bot.storage.transaction import Transaction
from cogs.oncall.handovers import wake
from cogs.oncall.rules import OnCallNow, holder_at
from cogs.oncall.store import OnCallEntries, RosterWatches

log = structlog.get_logger(__name__)

_Value = TypeVar("_Value")

#: How long after a change it can be undone.
UNDONE_WITHIN: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Changed(Generic[_Value]):
    """What a change has made.

    Attributes:
        number: Undoes it; see `Undoing`.
    """

    value: _Value
    number: int


@dataclass(slots=True)
class OpenChange:
    """A change that is being made.

    Attributes:
        tx: What the change is written in.
        facts: For the audit log.
        number: Of the change, once it is made.
    """

    tx: Transaction
    facts: Mapping[str, object] = field(default_factory=dict)
    number: int = 0


@asynccontextmanager
async def recording(tx: Transaction, guild_id: int, action: str, *, by: Person) -> AsyncIterator[OpenChange]:
    """Record every change that *tx* makes to a guild's schedule inside the block, and wake its watch."""
    # Changes and undos wait for each other, so that none is based on an outdated schedule.
    await RosterWatches(tx.sql).lock(guild_id)
    entries = OnCallEntries(tx.sql)
    before = await entries.in_force(guild_id)
    change = OpenChange(tx)
    yield change
    after = await entries.in_force(guild_id)
    if before == after:
        return
    change.number = await entries.add_change(guild_id, action, before=before, after=after, by=by)
    await _record(tx, guild_id, action, change.facts, by=by)


async def record_override(tx: Transaction, guild_id: int, new: NewOverride, by: Person) -> None:
    """Store an override that another capability has decided on, in its transaction."""
    async with recording(tx, guild_id, "override", by=by) as change:
        await add_override(change, guild_id, new, by=by)


async def add_override(change: OpenChange, guild_id: int, new: NewOverride, *, by: Person) -> None:
    """Store an override as the change that is being made."""
    number = await OnCallEntries(change.tx.sql).add_override(guild_id, new, by=by)
    change.facts = {
        "place": new.place,
        "override": number,
        "who": new.who.handle,
        "starts": new.starts.isoformat(),
        "ends": new.ends.isoformat(),
    }


class ScheduleChanges:
    """Makes changes of the schedule, one at a time in each guild."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @asynccontextmanager
    async def begin(self, guild_id: int, action: str, *, by: Person) -> AsyncIterator[OpenChange]:
        """Record every change made to a guild's schedule inside the block, and wake its watch.

        Args:
            action: As the audit log has it.
        """
        async with self._store.transaction() as tx, recording(tx, guild_id, action, by=by) as change:
            yield change
        if change.number:
            log.info("oncall.changed", guild_id=guild_id, action=action, user_id=by.id)


class Undoing:
    """Takes back a change of the schedule."""

    def __init__(self, store: Store, access: Access, oncall: OnCall) -> None:
        self._store = store
        self._access = access
        self._oncall = oncall

    async def undo(self, guild_id: int, number: int, *, by: Person) -> list[OnCallNow]:
        """Restore what was there before a change: end what it added, and continue what it ended.

        Returns:
            The people on call now at the places that the change was about.

        Raises:
            NotPermitted; UserError: it is older than `UNDONE_WITHIN`, was undone, or another change of these
                places came after it.
        """
        await self._access.require(by, "oncall", guild_id=guild_id, act="undo_schedule", change=number)
        async with self._store.transaction() as tx:
            await RosterWatches(tx.sql).lock(guild_id)
            entries = OnCallEntries(tx.sql)
            change, now = await entries.change(guild_id, number), await tx.now()
            if change is not None and change.undone_at is not None:
                raise UserError("oncall_undo_done", who=change.undone_by_name, at=change.undone_at)
            if change is None or now - change.at > UNDONE_WITHIN:
                raise UserError("oncall_undo_late", minutes=UNDONE_WITHIN // timedelta(minutes=1))
            later = await entries.later_change(guild_id, change)
            if later is not None:
                raise UserError("oncall_undo_changed", who=later.by_name, at=later.at, places=later.places)
            await entries.undo(guild_id, number, by=by)
            facts = {"change": number, "undone": change.action, "places": change.places}
            await _record(tx, guild_id, "undo_schedule", facts, by=by)
            rosters, _ = await self._oncall.rosters(guild_id, source=tx)
        log.info("oncall.changed", guild_id=guild_id, action="undo_schedule", user_id=by.id)
        return [holder_at(rosters, place, now) for place in change.places if place in rosters.places]


async def _record(
    tx: Transaction, guild_id: int, action: str, facts: Mapping[str, object], *, by: Person
) -> None:
    await AuditWrites(tx.sql).audit(guild_id=guild_id, by=by, action=action, data=AuditData(facts=facts))
    await wake(tx, guild_id)
