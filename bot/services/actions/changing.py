"""Changes of an action item: permission, locks, timeline, audit and the thread's line, the same for each."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot.domain.actions.item import ActionItem, ActionNotFound
from bot.domain.audit import AuditData
from bot.domain.delivery.notices import Notice
from bot.domain.errors import IncidentNotFound
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.timeline.entries import EntryData
from bot.runbook.model import Policy
from bot.services.actions.tracking import want_issue
from bot.services.ports import Store, Transaction
from bot.services.shared.access import Access, Act, MaySeeLess, require_as_seen
from bot.services.shared.changes import Change
from bot.services.shared.jobs import action_job, action_key

log = structlog.get_logger(__name__)

#: The bot, as the author of changes that a clock or an alert makes.
_CLOCK = Person(0, "", is_bot=True)


@dataclass(slots=True)
class ActionChange:
    """One change of an action item while it is made: inside a transaction, with item and incident locked.

    Attributes:
        item: As it is now; `save` replaces it.
        by: The person who makes it.
        now: The transaction's time.
        change: The change of its incident; None if it belongs to none.
        tracker: Where items are tracked as issues; None for nowhere.
    """

    tx: Transaction
    item: ActionItem
    by: Person
    now: datetime
    change: Change | None
    tracker: str | None = None

    @property
    def incident(self) -> Incident | None:
        """Return the item's incident as it is now."""
        return None if self.change is None else self.change.incident

    async def save(self, changed: ActionItem, entry: EntryData, told: Notice) -> None:
        """Write *changed*, record it, tell the thread, and queue the job that looks at the item next."""
        await self.tx.save_action_item(changed)
        self.item = changed
        await self.record(entry, told)
        await wake(self.tx, changed, now=self.now)

    async def set_next(self, at: datetime) -> None:
        """Set when the item is looked at next; that is no change which people read of."""
        self.item = replace(self.item, next_at=at)
        await self.tx.set_action_next(self.item.id, at)
        await wake(self.tx, self.item, now=self.now)

    async def record(self, entry: EntryData, told: Notice) -> None:
        """Record what happened on the incident's timeline and in its thread; without one, in the audit.

        The item's issue follows.
        """
        await want_issue(self.tx, self.item, self.incident, tracker=self.tracker)
        if self.change is None:
            if self.by is not _CLOCK:
                data = AuditData(facts=entry.to_json())
                await self.tx.audit(guild_id=self.item.guild_id, by=self.by, action=entry.kind, data=data)
            return
        line = f"action:{self.item.id}:{self.item.version}"
        incident = self.change.incident
        await self.change.save(replace(incident, version=incident.version + 1))  # the card counts the items
        await self.change.record(entry, line=line)
        await self.change.say(told, key=line)


class ActionChanges:
    """Begins changes of action items.

    Args:
        tracker: The repository where items are tracked as issues; None for nowhere.
    """

    def __init__(self, store: Store, policy: Policy, access: Access, *, tracker: str | None) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self.tracker = tracker

    async def require(self, item: ActionItem, *, by: Person, act: Act) -> Incident | None:
        """Let *by* do *act* to *item*, and return its incident. An owner may change their own item.

        Raises:
            NotPermitted: on record. ActionNotFound: the incident is private, and not theirs.
        """
        incident = await self.visible(item, by=by, act=act)
        if by.id != item.owner.id:
            await self._access.require(
                by,
                act.permission,
                guild_id=item.guild_id,
                act=act,
                incident_id=item.incident_id,  # the audit log hides the row from readers who may not see it
                action_item_id=item.id,
            )
        return incident

    async def visible(self, item: ActionItem, *, by: Person, act: Act | None = None) -> Incident | None:
        """Return the incident of *item*, if *by* may see it. Raises as `require`."""
        if item.incident_id is None:
            return None
        incident = await self._store.incident(item.incident_id)
        permission, tried = ("show", "show_action") if act is None else (act.permission, act.value)
        try:
            await self._access.require_visible(by, permission, incident, act=tried)
        except IncidentNotFound as hidden:
            raise ActionNotFound(number=item.id) from hidden
        return incident

    @asynccontextmanager
    async def change(self, item_id: int, *, by: Person, act: Act) -> AsyncIterator[ActionChange]:
        """Change one item in one transaction.

        Raises:
            ActionNotFound: no such number, or not theirs to see. NotPermitted: on record.
        """
        while True:
            item = await self._store.action_item(item_id)
            incident = await self.require(item, by=by, act=act)
            try:
                async with self.locked(item, incident, by=by) as change:
                    yield change
            except MaySeeLess:  # nothing is written yet: ask once more whether they may
                continue
            log.info("action.changed", action_item_id=item_id, act=act, user_id=by.id)
            return

    @asynccontextmanager
    async def locked(
        self, item: ActionItem, incident: Incident | None, *, by: Person = _CLOCK
    ) -> AsyncIterator[ActionChange]:
        """Lock *item* after its *incident*, and yield the change; by the bot itself unless *by* says who.

        Raises:
            MaySeeLess: the incident became private since it was read.
        """
        async with self._store.transaction() as tx:
            change, now = None, await tx.now()
            if incident is not None:
                found = await tx.incident(incident.id, lock=True)
                require_as_seen(found, incident)
                change = Change(tx, self._policy, found, by, now, is_by_clock=by is _CLOCK)
            locked = await tx.action_item(item.id, lock=True)
            yield ActionChange(tx, locked, by, now, change, self.tracker)


async def wake(tx: Transaction, item: ActionItem, *, now: datetime) -> None:
    """Queue the job that looks at *item* at the time stored with it, in place of an earlier job."""
    await tx.cancel_jobs([action_key(item.id)])
    if item.next_at is not None:
        await tx.enqueue(action_job(item.id, after=max(item.next_at - now, timedelta())))
