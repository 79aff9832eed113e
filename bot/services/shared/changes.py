"""The parts that every change of an incident shares: permission, lock, timeline, audit, posts."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from bot.capability import IncidentEvent, installed
from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import Notice
from bot.domain.errors import RecordedRefusal
from bot.domain.incident import relations
from bot.domain.incident.incident import Incident, IncidentKind
from bot.domain.incident.records import LinkedEntry, UnlinkedEntry
from bot.domain.people import Person
from bot.domain.timeline.entries import EntryData, EntryKind, TimelineEntry
from bot.runbook.model import Policy
from bot.services.shared.access import Access, AnyAct, VisibilityChanged, require_as_seen
from bot.services.shared.jobs import note_act, refresh_job
from bot.services.shared.postings import notice
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.timeline import TimelineRows, TimelineWrites
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Change:
    """One change while it is made: inside a transaction, with the incident locked.

    Attributes:
        incident: As it is now; `save` replaces it.
        by: The person who makes it, or on whose behalf a clock does.
        now: The transaction's time.
        beside: The changes of the other incidents that were asked for, by number.
        is_by_clock: A clock makes it: the timeline names no person, and there is no audit entry.
    """

    tx: Transaction
    policy: Policy
    incident: Incident
    by: Person
    now: datetime
    beside: Mapping[int, "Change"] = field(default_factory=dict)
    is_by_clock: bool = False

    async def save(self, changed: Incident) -> None:
        """Store *changed*, and queue an edit of every post that shows the incident."""
        await IncidentWrites(self.tx.sql).save(changed)
        self.incident = changed
        await self.refresh()

    async def refresh(self) -> None:
        """Queue an edit of every post that shows the incident."""
        severity = self.policy.rules_of(self.incident)
        await self.tx.enqueue(refresh_job(self.incident, severity=severity))

    async def record(
        self,
        data: EntryData,
        *,
        at: datetime | None = None,
        corrects: int | None = None,
        line: str | None = None,
    ) -> None:
        """Record the change on the timeline and in the audit. A responder's change is a sign of life.

        Args:
            at: When it happened, if that was not now.
            corrects: The entry that this one puts right.
            line: The key of what `say` tells the thread of it, to lead there.
        """
        actor = None if self.is_by_clock else self.by
        told = replace(data, line=line)
        entry = TimelineEntry.of(told, at or self.now, by=actor, corrects=corrects)
        await self.then(IncidentEvent.RECORDED)
        if self.is_by_clock:
            await TimelineWrites(self.tx.sql).add_timeline(self.incident.id, entry)
            return
        audited = AuditData(self.incident.id, facts=data.to_json())
        await TimelineWrites(self.tx.sql).record(self.incident, entry, by=self.by, data=audited)
        await self.note_act()

    async def recorded_under(self, key: str) -> set[EntryKind]:
        """Return the kinds of the incident's timeline entries with *key*; empty before it led to any."""
        entries = await TimelineRows(self.tx.sql).timeline(self.incident.id)
        return {entry.kind for entry in entries if entry.key == key}

    async def then(self, event: IncidentEvent) -> None:
        """Let the capabilities follow up *event* in this transaction; what one of them raises undoes it.

        What becomes private concerns one that is switched off, too: it may be switched on again.
        """
        is_for_all = event is IncidentEvent.MADE_PRIVATE
        for capability in installed() if is_for_all else self.policy.capabilities:
            if (follow_up := capability.on.get(event)) is not None:
                await follow_up(self)

    async def note_act(self) -> None:
        """Restart the time to the next update if the person who makes the change is a responder."""
        self.incident = await note_act(self.tx, self.policy, self.incident, by=self.by, now=self.now)

    async def say(self, news: Notice, *, key: str) -> None:
        """Queue one line for the thread. An ended tracked alert gets none: its post is edited instead.

        Args:
            news: What it says; who acted is filled in.
            key: Unique for the incident: the same one is said once.
        """
        if self.incident.kind is IncidentKind.ALERT and not self.incident.is_open:
            return
        line = notice(self.incident, self.policy, replace(news, by=self.by.name), key=key)
        await DeliveryWrites(self.tx.sql).insert_deliveries([line])


async def follow_entry(tx: Transaction, policy: Policy, incident: Incident) -> None:
    """Let the capabilities follow up what Discord has changed on the timeline of a locked incident."""
    change = Change(tx, policy, incident, Person(id=0, name=""), await tx.now(), is_by_clock=True)
    await change.then(IncidentEvent.RECORDED)


async def link_both(one: Change, other: Change) -> None:
    """Record the link on the timelines and in the posts of two incidents.

    Posts do not show a link to a private incident: not all of their readers may know that it exists.
    """
    for here, there in ((one, other), (other, one)):
        if not there.incident.is_private:
            await here.save(relations.link(here.incident, there.incident.id))
        await here.record(LinkedEntry(with_=there.incident.id))


async def unlink_both(one: Change, other: Change) -> None:
    """Record on each of two incidents that they are no longer linked, where `link_both` recorded the link."""
    for here, there in ((one, other), (other, one)):
        left = relations.unlink(here.incident, there.incident.id)
        if left is not here.incident:  # it told of no private one
            await here.save(left)
        await here.record(UnlinkedEntry(with_=there.incident.id))


class Changes:
    """Begins changes.

    Attributes:
        access: What decides who may make one.
    """

    def __init__(self, store: Store, policy: Policy, access: Access) -> None:
        self._store = store
        self._policy = policy
        self.access = access

    async def allowed(self, incident_id: int, *, by: Person, act: AnyAct) -> Incident:
        """Return the incident if *by* may do *act* to it. Raises as `change`."""
        incident = await IncidentRows(self._store.sql).incident(incident_id)
        await self.require(incident, by=by, act=act)
        return incident

    async def require(self, incident: Incident, *, by: Person, act: AnyAct) -> None:
        """Require that *by* may do *act* to *incident*. Raises as `change`."""
        await self.access.require_incident(by, act, incident)

    @asynccontextmanager
    async def change(
        self,
        incident_id: int,
        *,
        by: Person,
        act: AnyAct,
        also: Collection[int] = (),
        noted_on: Collection[int] = (),
    ) -> AsyncIterator[Change]:
        """Change one incident in one transaction.

        Args:
            act: What is done; says which permission it takes.
            also: Further incidents that it is about, to be changed as well.
            noted_on: Further incidents that get a note of it, even if *by* may not see them.

        Raises:
            NotPermitted: on record. IncidentNotFound: no such number, or a private one that is not theirs.
            RecordedRefusal: what the caller raised; on record.
        """
        while True:
            seen = [await self.allowed(number, by=by, act=act) for number in sorted({incident_id, *also})]
            try:
                async with self._store.transaction() as tx:
                    now, others = await tx.now(), (*also, *noted_on)
                    locked = await _locked(tx, {incident_id, *others}, seen=seen)
                    beside = {number: Change(tx, self._policy, locked[number], by, now) for number in others}
                    yield Change(tx, self._policy, locked[incident_id], by, now, beside)
            except VisibilityChanged:  # nothing is written yet: ask once more whether they may
                log.info("incident.change_retried", incident_id=incident_id, act=act, user_id=by.id)
                continue
            except RecordedRefusal as refused:
                found = next(one for one in seen if one.id == incident_id)
                await self.access.note_refused(
                    by,
                    act.permission,
                    guild_id=found.guild_id,
                    act=act,
                    incident_id=found.id,
                    refused=refused.key,
                    others=sorted(also),
                )
                raise
            log.info("incident.changed", incident_id=incident_id, act=act, user_id=by.id)
            return


async def _locked(
    tx: Transaction, numbers: Collection[int], *, seen: Collection[Incident]
) -> dict[int, Incident]:
    """Lock incidents in the order of their numbers, and return them by number.

    With one order for all, two people who merge crosswise do not cause a deadlock.

    Args:
        seen: Some of them, as they were when the permission was checked.
    """
    locked = {number: await IncidentWrites(tx.sql).incident(number, lock=True) for number in sorted(numbers)}
    for one in seen:
        require_as_seen(locked[one.id], one)
    return locked
