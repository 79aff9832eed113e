"""Action items as people work on them: added, changed, finished, dropped, reopened, listed."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

import structlog

from bot.domain.action_items import (
    ActionItem,
    ActionSource,
    Reopening,
    WatchedAlert,
)
from bot.domain.audit import AuditData
from bot.domain.calendar.typed_times import parse_due_date
from bot.domain.delivery.delivery import NewDelivery, Notice
from bot.domain.errors import IncidentNotFound, NotPermitted, RecordedRefusal, UserError
from bot.domain.incident.incident import Incident, PersonRef
from bot.domain.jobs import Job
from bot.domain.people import Person
from bot.domain.text import one_line
from bot.domain.timeline.entries import EntryData
from bot.runbook.model import Policy
from bot.services.shared.access import Access, AnyAct, VisibilityChanged, require_as_seen
from bot.services.shared.changes import Change
from bot.services.shared.postings import notice
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.timeline import AuditWrites
from bot.storage.transaction import Transaction
from cogs.actions import rules
from cogs.actions.rules import (
    REASON_LIMIT,
    ActionAddedEntry,
    ActionAddedNotice,
    ActionDelivery,
    ActionDm,
    ActionDmReason,
    ActionDoneEntry,
    ActionDoneNotice,
    ActionDroppedEntry,
    ActionDroppedNotice,
    ActionDueNotice,
    ActionEditedEntry,
    ActionEditedNotice,
    ActionFilter,
    ActionNotFound,
    ActionReopenedEntry,
    ActionReopenedNotice,
    ActionRules,
    ActionVerifiedEntry,
    ActionVerifiedNotice,
    ActionView,
    AlertSearch,
    IssueExport,
    NewActionItem,
    next_reminder,
    require_open,
    specific,
    verifiable,
)
from cogs.actions.store import Actions, IssueExports

log = structlog.get_logger(__name__)


#: Reminds, verifies or reopens an item.
ACTION_ITEM: Final = "action_item"
#: Brings the issue of an item up to date.
ACTION_ISSUE: Final = "action_issue"
#: Reads what people changed in the issues of a guild.
POLL_ISSUES: Final = "poll_issues"


class ActionAct(AnyAct):
    """What people do to action items."""

    ADD = "add_action", "actions"
    EDIT = "edit_action", "actions"
    FINISH = "finish_action", "actions"
    DROP = "drop_action", "actions"
    REOPEN = "reopen_action", "actions"


def action_key(item_id: int) -> str:
    """Return the queue's key for the next look at an action item."""
    return f"action:{item_id}"


def action_job(item_id: int, *, after: timedelta = timedelta()) -> Job:
    """Return the job that looks at an action item: a reminder is due, a watch is over, or its alert fired."""
    return Job(ACTION_ITEM, str(item_id), action_key(item_id), after=after, sooner=True)


def issue_job(item_id: int, *, after: timedelta = timedelta()) -> Job:
    """Return the job that brings the issue of an action item up to date."""
    return Job(ACTION_ISSUE, str(item_id), f"action_issue:{item_id}", after=after, sooner=True)


def poll_job(guild_id: int, *, after: timedelta = timedelta()) -> Job:
    """Return the job that reads what people changed in the issues of a guild."""
    return Job(POLL_ISSUES, str(guild_id), f"poll_issues:{guild_id}", after=after, sooner=True)


async def want_issue(
    tx: Transaction, item: ActionItem, incident: Incident | None, *, tracker: str | None
) -> None:
    """Let the issue of *item* follow its change, once the caller's transaction commits.

    Args:
        tracker: The repository; None if action items are tracked nowhere else.
    """
    if tracker is not None and is_tracked(incident):
        await IssueExports(tx.sql).want(item.id, guild_id=item.guild_id, repository=tracker)
        await tx.enqueue(issue_job(item.id))


def is_tracked(incident: Incident | None) -> bool:
    """Return True unless the items of an incident stay in Discord: it is private, or a drill."""
    return incident is None or not (incident.is_private or incident.is_drill)


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

    async def save(self, changed: ActionItem, entry: EntryData, thread_notice: Notice) -> None:
        """Write *changed*, record it, tell the thread, and queue the job that looks at the item next."""
        await Actions(self.tx.sql).save(changed)
        self.item = changed
        await self.record(entry, thread_notice)
        await wake(self.tx, changed, now=self.now)

    async def set_next(self, at: datetime) -> None:
        """Set when the item is looked at next; that is no change which people read of."""
        self.item = replace(self.item, next_at=at)
        await Actions(self.tx.sql).set_next(self.item.id, at)
        await wake(self.tx, self.item, now=self.now)

    async def record(self, entry: EntryData, thread_notice: Notice) -> None:
        """Record what happened on the incident's timeline and in its thread; without one, in the audit.

        The item's issue follows.
        """
        await want_issue(self.tx, self.item, self.incident, tracker=self.tracker)
        if self.change is None:
            if self.by is not _CLOCK:
                data = AuditData(facts=entry.to_json())
                await AuditWrites(self.tx.sql).audit(
                    guild_id=self.item.guild_id, by=self.by, action=entry.kind, data=data
                )
            return
        line = f"action:{self.item.id}:{self.item.version}"
        incident = self.change.incident
        await self.change.save(replace(incident, version=incident.version + 1))  # the card counts the items
        await self.change.record(entry, line=line)
        await self.change.say(thread_notice, key=line)


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

    async def require(self, item: ActionItem, *, by: Person, act: ActionAct) -> Incident | None:
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

    async def visible(self, item: ActionItem, *, by: Person, act: ActionAct | None = None) -> Incident | None:
        """Return the incident of *item*, if *by* may see it. Raises as `require`."""
        if item.incident_id is None:
            return None
        incident = await IncidentRows(self._store.sql).incident(item.incident_id)
        permission, tried = ("show", "show_action") if act is None else (act.permission, act.value)
        try:
            await self._access.require_visible(by, permission, incident, act=tried)
        except IncidentNotFound as hidden:
            raise ActionNotFound(number=item.id) from hidden
        return incident

    @asynccontextmanager
    async def change(self, item_id: int, *, by: Person, act: ActionAct) -> AsyncIterator[ActionChange]:
        """Change one item in one transaction.

        Raises:
            ActionNotFound: no such number, or not theirs to see. NotPermitted: on record.
        """
        while True:
            item = await Actions(self._store.sql).item(item_id)
            incident = await self.require(item, by=by, act=act)
            try:
                async with self.locked(item, incident, by=by) as change:
                    yield change
            except VisibilityChanged:  # nothing is written yet: ask once more whether they may
                continue
            log.info("action.changed", action_item_id=item_id, act=act, user_id=by.id)
            return

    @asynccontextmanager
    async def locked(
        self, item: ActionItem, incident: Incident | None, *, by: Person = _CLOCK
    ) -> AsyncIterator[ActionChange]:
        """Lock *item* after its *incident*, and yield the change; by the bot itself unless *by* says who.

        Raises:
            VisibilityChanged: the incident became private since it was read.
        """
        async with self._store.transaction() as tx:
            change, now = None, await tx.now()
            if incident is not None:
                current = await IncidentWrites(tx.sql).incident(incident.id, lock=True)
                require_as_seen(current, incident)
                change = Change(tx, self._policy, current, by, now, is_by_clock=by is _CLOCK)
            locked = await Actions(tx.sql).item(item.id, lock=True)
            yield ActionChange(tx, locked, by, now, change, self.tracker)


async def wake(tx: Transaction, item: ActionItem, *, now: datetime) -> None:
    """Queue the job that looks at *item* at the time stored with it, in place of an earlier job."""
    await tx.cancel_jobs([action_key(item.id)])
    if item.next_at is not None:
        await tx.enqueue(action_job(item.id, after=max(item.next_at - now, timedelta())))


async def finish(change: ActionChange, policy: Policy) -> None:
    """Mark the item as done; if it names an alert, watch that for as long as the policy says.

    Raises:
        UserError: it is closed.
    """
    until = change.now + policy.of(ActionRules).verify_after
    item = rules.done(change.item, by=change.by, at=change.now, watched_until=until)
    facts = ActionDoneEntry(item=item.id, what=item.what, watched_until=item.watched_until)
    thread_notice = ActionDoneNotice(item=item.id, what=item.what, watched_until=item.watched_until)
    await change.save(item, facts, thread_notice)


async def drop(change: ActionChange, *, reason: str) -> None:
    """Drop the item.

    Raises:
        UserError: it is closed.
    """
    item = rules.dropped(change.item, by=change.by, at=change.now, reason=reason)
    entry = ActionDroppedEntry(item=item.id, what=item.what, reason=reason)
    await change.save(item, entry, ActionDroppedNotice(item=item.id, what=item.what, reason=reason))


async def reopen(change: ActionChange, how: Reopening, *, policy: Policy, tells_number: bool = True) -> None:
    """Open the item again, and remind its owner from now on.

    Args:
        how: By whom or by which alert.
        tells_number: Readers of the thread may know the number of that alert.

    Raises:
        UserError: it is open.
    """
    reminder = next_reminder(change.item.due_on, policy.business_hours, after=change.now)
    item = replace(rules.reopened(change.item, how), next_at=reminder.at)
    is_fired = how.by is None
    entry = ActionReopenedEntry(
        item=item.id, what=item.what, reason=None if is_fired else how.reason, with_=how.incident_id
    )
    thread_notice = ActionReopenedNotice(
        item=item.id,
        what=item.what,
        owner=item.owner.name,
        reason=how.reason or None,
        fired=is_fired,
        number=how.incident_id if tells_number else None,
    )
    await change.save(item, entry, thread_notice)


async def verify(change: ActionChange) -> None:
    """Record that the item's alert has been silent for as long as the policy asks."""
    item = rules.verified(change.item, at=change.now)
    facts = ActionVerifiedEntry(item=item.id, what=item.what)
    await change.save(item, facts, ActionVerifiedNotice(item=item.id, what=item.what))


def action_dm(
    item: ActionItem, why: ActionDmReason, *, day: date, key: str, by: str = "", to: str | None = None
) -> NewDelivery:
    """Return a DM about *item*.

    Args:
        day: The local day.
        key: What makes it unique among the DMs about the item, besides *why*.
        by: The name of the person who gave the item to the reader.
        to: As `NewDelivery.to`; None for the owner.
    """
    return NewDelivery(
        kind=ActionDelivery.DM,
        to=to or f"user:{item.owner.id}",
        key=f"action:{item.id}:{why}:{key}",
        guild_id=item.guild_id,
        incident_id=item.incident_id,
        data=ActionDm.about(item, why, day=day, by=by).to_json(),
    )


def due_line(
    item: ActionItem, incident: Incident, policy: Policy, *, due: ActionDueNotice, key: str
) -> NewDelivery:
    """Return the line in the thread of *incident* that asks for *item*.

    Args:
        due: What it says.
        key: What makes it unique among the lines about the item.
    """
    return notice(incident, policy, due, key=f"action:{item.id}:due:{key}")


def due_notice(
    item: ActionItem, *, today: date, refused: bool = False, mentions: bool = True
) -> ActionDueNotice:
    """Return what the thread says of an item that waits.

    Args:
        refused: The owner takes no DM.
        mentions: The owner is on the server and may see the incident.
    """
    return ActionDueNotice(
        item=item.id,
        what=item.what,
        owner=item.owner.name,
        due_on=item.due_on,
        lead_id=item.owner.id if mentions else None,
        is_overdue=item.is_overdue(today),
        refused=refused,
    )


@dataclass(frozen=True, slots=True)
class ActionForm:
    """The form of an action item as a person filled it in.

    Attributes:
        owner: The chosen person; None if none was chosen.
        due: As typed ("12/5", "来週金曜").
    """

    what: str
    owner: Person | None
    due: str
    verification: str


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """Where an action item was asked for.

    Attributes:
        incident_id: The incident that it follows from; None for none.
        key: The same key adds one item ("interaction:123").
        alert: The alert that must not fire again; None if none was named.
    """

    guild_id: int
    incident_id: int | None
    source: ActionSource
    key: str
    alert: WatchedAlert | None = None


@dataclass(frozen=True, slots=True)
class CheckedForm:
    """The form of an action item after its fields passed the checks."""

    what: str
    owner: Person
    due_on: date
    verification: str

    @property
    def holder(self) -> PersonRef:
        """Return the owner as an item keeps them."""
        return PersonRef(self.owner.id, self.owner.name)


class ActionChecks:
    """Checks forms by the policy's calendar, and owners by what they may see."""

    def __init__(self, store: Store, policy: Policy, access: Access) -> None:
        self._store = store
        self._policy = policy
        self._access = access

    async def permitted(self, request: ActionRequest, *, by: Person) -> Incident | None:
        """Return the incident of a new item, if *by* may add one.

        Raises:
            NotPermitted: on record. IncidentNotFound: no such number, or not theirs to see.
        """
        if request.incident_id is None:
            await self._access.require(by, "actions", guild_id=request.guild_id, act=ActionAct.ADD)
            return None
        incident = await IncidentRows(self._store.sql).incident(request.incident_id)
        await self._access.require_incident(by, ActionAct.ADD, incident)
        return incident

    async def checked(self, form: ActionForm, *, before: ActionItem | None = None) -> CheckedForm:
        """Return *form* if each part of it is there and says enough.

        Args:
            before: The item that it changes; a due date that it leaves as it was may have passed.

        Raises:
            UserError: a part is missing or too vague, or the due date cannot be read or has passed.
        """
        what = specific(form.what)
        if form.owner is None:
            raise UserError("action_item.owner_missing")
        if form.owner.is_bot:
            raise UserError("action_item.owner_bot", who=form.owner.name)
        if before is not None and form.due.strip() == before.due_on.isoformat():
            due_on = before.due_on
        else:
            today = (await self._store.now()).astimezone(self._policy.timezone).date()
            due_on = parse_due_date(form.due, today=today, hours=self._policy.business_hours)
        return CheckedForm(
            what=what,
            owner=form.owner,
            due_on=due_on,
            verification=verifiable(form.verification, what=what),
        )

    async def require_fit(
        self, owner: Person, incident: Incident | None, *, by: Person, tx: Transaction | None = None
    ) -> None:
        """Check that the owner may see the incident: a reminder must not reveal a private one.

        Raises:
            RecordedRefusal: the owner may not see it.
        """
        if incident is None or await self._access.sees(owner, incident, source=tx):
            return
        await self._access.note_refused(
            by,
            "actions",
            guild_id=incident.guild_id,
            act=ActionAct.ADD,
            incident_id=incident.id,
            owner_id=owner.id,
        )
        raise RecordedRefusal("action_item.owner_not_visible", incident=incident.label, who=owner.name)


class ActionItems:
    """Adds and changes action items.

    A change raises ActionNotFound and NotPermitted as `ActionChanges.change`, and UserError for an item in
    another state than the change is for.
    """

    def __init__(self, store: Store, policy: Policy, checks: ActionChecks, changing: ActionChanges) -> None:
        self._store = store
        self._policy = policy
        self._checks = checks
        self._changing = changing

    async def add(self, request: ActionRequest, form: ActionForm, *, by: Person) -> ActionItem:
        """Add an item, and tell its owner and the incident's thread.

        Raises:
            As `ActionChecks`: who may add it, what the form must say, who may be its owner.
        """
        while True:
            seen = await self._checks.permitted(request, by=by)
            checked = await self._checks.checked(form)
            await self._checks.require_fit(checked.owner, seen, by=by)
            try:
                async with self._store.transaction() as tx:
                    item = await self._add(tx, request, checked, seen, by=by)
            except VisibilityChanged:  # nothing is written yet: ask once more whether they may
                continue
            log.info("action.added", action_item_id=item.id, incident_id=item.incident_id, user_id=by.id)
            return item

    async def edit(self, item_id: int, form: ActionForm, *, shown_version: int, by: Person) -> ActionItem:
        """Change an open item, and notify a new owner.

        Args:
            shown_version: The version of the item that the form showed.

        Raises:
            As `add`; UserError: nothing has changed, or the item has since the form was opened.
        """
        before = await Actions(self._store.sql).item(item_id)
        await self._changing.require(before, by=by, act=ActionAct.EDIT)
        checked = await self._checks.checked(form, before=before)
        edit = rules.ActionEdit(checked.what, checked.holder, checked.due_on, checked.verification)
        async with self._changing.change(item_id, by=by, act=ActionAct.EDIT) as change:
            if change.item.is_open and change.item.version != shown_version:
                raise UserError("action_item.changed_meanwhile", label=change.item.label)
            await self._checks.require_fit(checked.owner, change.incident, by=by, tx=change.tx)
            await self._edit(change, edit)
        return change.item

    async def watch(self, item_id: int, alert: WatchedAlert, *, by: Person) -> ActionItem:
        """Name the alert that must not fire again once the item is done.

        Raises:
            UserError: the item watches for it already.
        """
        async with self._changing.change(item_id, by=by, act=ActionAct.EDIT) as change:
            await self._edit(change, rules.ActionEdit(alert=alert))
        return change.item

    async def done(self, item_id: int, *, by: Person) -> ActionItem:
        """Mark an item as done. If it names an alert, it is watched until it counts as verified."""
        async with self._changing.change(item_id, by=by, act=ActionAct.FINISH) as change:
            await finish(change, self._policy)
        return change.item

    async def drop(self, item_id: int, *, reason: str, by: Person) -> ActionItem:
        """Drop an item: it will not be done.

        Raises:
            UserError: no reason is given.
        """
        shortened = one_line(reason, limit=REASON_LIMIT)
        if not shortened:
            raise UserError("action_item.reason_missing")
        async with self._changing.change(item_id, by=by, act=ActionAct.DROP) as change:
            await drop(change, reason=shortened)
        return change.item

    async def reopen(self, item_id: int, *, reason: str, by: Person) -> ActionItem:
        """Open a closed item again, and remind its owner from now on."""
        shortened = one_line(reason, limit=REASON_LIMIT)
        async with self._changing.change(item_id, by=by, act=ActionAct.REOPEN) as change:
            await reopen(change, Reopening(at=change.now, by=by.name, reason=shortened), policy=self._policy)
        return change.item

    async def _add(
        self,
        tx: Transaction,
        request: ActionRequest,
        form: CheckedForm,
        seen: Incident | None,
        *,
        by: Person,
    ) -> ActionItem:
        now, change = await tx.now(), None
        if seen is not None:
            locked = await IncidentWrites(tx.sql).incident(seen.id, lock=True)
            require_as_seen(locked, seen)
            change = Change(tx, self._policy, locked, by, now)
        new = NewActionItem(
            guild_id=request.guild_id,
            incident_id=request.incident_id,
            what=form.what,
            owner=form.holder,
            due_on=form.due_on,
            verification=form.verification,
            source=request.source,
            key=request.key,
            alert=request.alert,
            next_at=next_reminder(form.due_on, self._policy.business_hours, after=now).at,
        )
        item, is_new = await Actions(tx.sql).add(new, by=by)
        if is_new:
            added = ActionChange(tx, item, by, now, change, self._changing.tracker)
            owner, due_on, verification = item.owner.name, item.due_on, item.verification
            entry = ActionAddedEntry(
                item=item.id, what=item.what, owner=owner, due_on=due_on, verification=verification
            )
            added_notice = ActionAddedNotice(
                item=item.id, what=item.what, owner=owner, due_on=due_on, verification=verification
            )
            await added.record(entry, added_notice)
            await self._tell_owner(added)
            await wake(tx, item, now=now)
        return item

    async def _edit(self, change: ActionChange, edit: rules.ActionEdit) -> None:
        before = change.item
        item = rules.edited(before, edit)
        if item is before:
            raise UserError("action_item.edit_empty", label=before.label)
        if item.due_on != before.due_on:
            reminder = next_reminder(item.due_on, self._policy.business_hours, after=change.now)
            item = replace(item, next_at=reminder.at)
        thread_notice = ActionEditedNotice(
            item=item.id,
            what=item.what,
            owner=item.owner.name,
            due_on=item.due_on,
            verification=item.verification,
        )
        await change.save(item, ActionEditedEntry.of(before, item), thread_notice)
        if item.owner.id != before.owner.id:
            await self._tell_owner(change)

    async def _tell_owner(self, change: ActionChange) -> None:
        """Queue the DM that tells the owner what another person gave them."""
        item = change.item
        if item.owner.id == change.by.id:
            return
        day = change.now.astimezone(self._policy.timezone).date()
        dm = action_dm(item, ActionDmReason.ASSIGNED, day=day, by=change.by.name, key=f"v{item.version}")
        await DeliveryWrites(change.tx.sql).insert_deliveries([dm])


#: How long ago an alert was seen at most to be offered for an item.
_LATELY: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ActionDetails:
    """An action item with what its screen shows beside it.

    Attributes:
        incident: None if it belongs to none.
        today: The local day.
        issue: Its issue on the code host; None if it has none.
    """

    item: ActionItem
    incident: Incident | None
    today: date
    issue: IssueExport | None = None


@dataclass(frozen=True, slots=True)
class ActionPage:
    """A part of a list.

    Attributes:
        has_more: There are further items.
    """

    items: tuple[ActionItem, ...]
    today: date
    has_more: bool


class ActionQueries:
    """Reads action items, without those of private incidents that the person may not see."""

    def __init__(self, store: Store, policy: Policy, access: Access, changing: ActionChanges) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self._changing = changing

    async def details(self, item_id: int, *, by: Person) -> ActionDetails:
        """Return one item.

        Raises:
            ActionNotFound: no such number, or not theirs to see.
        """
        item = await Actions(self._store.sql).item(item_id)
        incident = await self._changing.visible(item, by=by)
        return ActionDetails(
            item, incident, await self.today(), await IssueExports(self._store.sql).of(item_id)
        )

    async def to_change(self, item_id: int, *, by: Person, act: ActionAct) -> ActionDetails:
        """Return one open item before a form opens, if *by* may do *act* to it.

        Raises:
            As `ActionChanges`; UserError: it is closed, with the way to reopen it.
        """
        item = await Actions(self._store.sql).item(item_id)
        incident = await self._changing.require(item, by=by, act=act)
        require_open(item)
        return ActionDetails(item, incident, await self.today())

    async def page(
        self, guild_id: int, wanted: ActionFilter, *, by: Person, limit: int, offset: int = 0
    ) -> ActionPage:
        """Return a part of a list: open items by due date, closed ones the last to be closed first."""
        allowed = await self._allowed(guild_id, wanted, by=by)
        items = await Actions(self._store.sql).page(guild_id, allowed, limit=limit + 1, offset=offset)
        return ActionPage(tuple(items[:limit]), allowed.today, has_more=len(items) > limit)

    async def choices(
        self, guild_id: int, words: str, *, closed: bool, by: Person, limit: int
    ) -> Sequence[ActionItem]:
        """Return the items that a command offers, the person's own first: open ones, or closed ones."""
        view = ActionView.DONE if closed else ActionView.OPEN
        wanted = ActionFilter(await self.today(), view, words=words or None)
        allowed = await self._allowed(guild_id, wanted, by=by)
        own = await Actions(self._store.sql).page(guild_id, replace(allowed, owner_id=by.id), limit=limit)
        every = await Actions(self._store.sql).page(guild_id, allowed, limit=limit)
        return list({item.id: item for item in (*own, *every)}.values())[:limit]

    async def alerts(
        self, guild_id: int, words: str, *, incident_id: int | None, by: Person, limit: int
    ) -> list[WatchedAlert]:
        """Return the alerts that an item may name: those of its incident first, then recent ones."""
        wanted = await self._alerts(guild_id, incident_id, by=by)
        return await Actions(self._store.sql).recent_alerts(
            guild_id, replace(wanted, words=words or None), limit=limit
        )

    async def alert(
        self, guild_id: int, fingerprint: str, *, incident_id: int | None, by: Person
    ) -> WatchedAlert | None:
        """Return one of `alerts`; None if it is not among them."""
        wanted = replace(await self._alerts(guild_id, incident_id, by=by), fingerprint=fingerprint)
        return next(iter(await Actions(self._store.sql).recent_alerts(guild_id, wanted, limit=1)), None)

    async def incident_so_far(
        self, *, item_id: int | None, number: int | None, thread_id: int | None, by: Person
    ) -> int | None:
        """Return the incident of a command that *by* is typing: of its item, else its own, or None.

        What they may not do or see leaves no audit row: they have done nothing yet.

        Raises:
            ActionNotFound, IncidentNotFound: no such number, or not theirs to see. NotPermitted: *by* may not
                change the item. UserError: it is closed.
        """
        if item_id is None:
            incident = await self._incident(number, thread_id)
        else:
            item = await Actions(self._store.sql).item(item_id)
            require_open(item)
            act = ActionAct.EDIT.permission
            if by.id != item.owner.id and not self._access.allows(by, act):
                raise NotPermitted(action=act, roles=self._access.roles(act))
            incident = await self._incident(item.incident_id, None)
        if incident is None or await self._access.sees(by, incident):
            return None if incident is None else incident.id
        raise IncidentNotFound(number=incident.id)

    async def _incident(self, number: int | None, thread_id: int | None) -> Incident | None:
        if number is not None:
            return await IncidentRows(self._store.sql).incident(number)
        return (
            None if thread_id is None else await IncidentRows(self._store.sql).incident_by_thread(thread_id)
        )

    async def today(self) -> date:
        """Return the local day."""
        return (await self._store.now()).astimezone(self._policy.timezone).date()

    async def _allowed(self, guild_id: int, wanted: ActionFilter, *, by: Person) -> ActionFilter:
        sees_all = await self._access.private_access(by, guild_id=guild_id) is not None
        return replace(wanted, viewer=by.id, sees_all=sees_all)

    async def _alerts(self, guild_id: int, incident_id: int | None, *, by: Person) -> AlertSearch:
        return AlertSearch(
            since=await self._store.now() - _LATELY,
            incident_id=incident_id,
            viewer=by.id,
            sees_all=await self._access.private_access(by, guild_id=guild_id) is not None,
        )
