"""What people do with action items: add, edit, finish, drop and reopen them."""

from dataclasses import replace
from datetime import datetime

import structlog

from bot.domain.actions import changes
from bot.domain.actions.deliveries import ActionDmReason
from bot.domain.actions.entries import ActionAddedEntry, ActionEditedEntry
from bot.domain.actions.item import REASON_LIMIT, ActionItem, NewActionItem, Reopening, WatchedAlert
from bot.domain.actions.notices import ActionAddedNotice, ActionEditedNotice
from bot.domain.actions.reminders import next_reminder
from bot.domain.errors import UserError
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.text import one_line
from bot.runbook.model import Policy
from bot.services.actions.changing import ActionChange, ActionChanges, wake
from bot.services.actions.checking import ActionChecks, ActionForm, ActionRequest, CheckedForm
from bot.services.actions.closing import drop, finish, reopen
from bot.services.actions.messages import action_dm
from bot.services.ports import Store, Transaction
from bot.services.shared.access import Act, MaySeeLess, require_as_seen
from bot.services.shared.changes import Change

log = structlog.get_logger(__name__)


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
            except MaySeeLess:  # nothing is written yet: ask once more whether they may
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
        before = await self._store.action_item(item_id)
        await self._changing.require(before, by=by, act=Act.EDIT_ACTION)
        checked = await self._checks.checked(form, before=before)
        edit = changes.ActionEdit(checked.what, checked.holder, checked.due_on, checked.verification)
        async with self._changing.change(item_id, by=by, act=Act.EDIT_ACTION) as change:
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
        async with self._changing.change(item_id, by=by, act=Act.EDIT_ACTION) as change:
            await self._edit(change, changes.ActionEdit(alert=alert))
        return change.item

    async def done(self, item_id: int, *, by: Person) -> ActionItem:
        """Mark an item as done. If it names an alert, it is watched until it counts as verified."""
        async with self._changing.change(item_id, by=by, act=Act.FINISH_ACTION) as change:
            await finish(change, self._policy)
        return change.item

    async def drop(self, item_id: int, *, reason: str, by: Person) -> ActionItem:
        """Drop an item: it will not be done.

        Raises:
            UserError: no reason is given.
        """
        said = one_line(reason, limit=REASON_LIMIT)
        if not said:
            raise UserError("action_item.reason_missing")
        async with self._changing.change(item_id, by=by, act=Act.DROP_ACTION) as change:
            await drop(change, reason=said)
        return change.item

    async def reopen(self, item_id: int, *, reason: str, by: Person) -> ActionItem:
        """Open a closed item again, and remind its owner from now on."""
        said = one_line(reason, limit=REASON_LIMIT)
        async with self._changing.change(item_id, by=by, act=Act.REOPEN_ACTION) as change:
            await reopen(change, Reopening(at=change.now, by=by.name, reason=said), policy=self._policy)
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
            found = await tx.incident(seen.id, lock=True)
            require_as_seen(found, seen)
            change = Change(tx, self._policy, found, by, now)
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
        item, is_new = await tx.add_action_item(new, by=by)
        if is_new:
            await self._tell_added(ActionChange(tx, item, by, now, change, self._changing.tracker))
        return item

    async def _tell_added(self, change: ActionChange) -> None:
        item, owner = change.item, change.item.owner.name
        entry = ActionAddedEntry(
            item=item.id, what=item.what, owner=owner, due_on=item.due_on, verification=item.verification
        )
        told = ActionAddedNotice(
            item=item.id, what=item.what, owner=owner, due_on=item.due_on, verification=item.verification
        )
        await change.record(entry, told)
        await self._tell_owner(change)
        await wake(change.tx, item, now=change.now)

    async def _edit(self, change: ActionChange, edit: changes.ActionEdit) -> None:
        before = change.item
        item = changes.edited(before, edit)
        if item is before:
            raise UserError("action_item.edit_empty", label=before.label)
        if item.due_on != before.due_on:
            item = replace(item, next_at=self._next_reminder(item, change.now))
        told = ActionEditedNotice(
            item=item.id,
            what=item.what,
            owner=item.owner.name,
            due_on=item.due_on,
            verification=item.verification,
        )
        await change.save(item, ActionEditedEntry.of(before, item), told)
        if item.owner.id != before.owner.id:
            await self._tell_owner(change)

    def _next_reminder(self, item: ActionItem, now: datetime) -> datetime:
        return next_reminder(item.due_on, self._policy.business_hours, after=now).at

    async def _tell_owner(self, change: ActionChange) -> None:
        """Queue the DM that tells the owner what another person gave them."""
        item = change.item
        if item.owner.id == change.by.id:
            return
        day = change.now.astimezone(self._policy.timezone).date()
        dm = action_dm(item, ActionDmReason.ASSIGNED, day=day, by=change.by.name, key=f"v{item.version}")
        await change.tx.insert_deliveries([dm])
