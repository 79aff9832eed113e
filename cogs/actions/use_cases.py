"""The use cases of action items, put together, and their clock: reminders, watches, alerts that return."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import structlog

from bot.domain.action_items import (
    ActionItem,
    Reopening,
)
from bot.domain.alerts.alert import FiredAlert
from bot.domain.delivery.delivery import Delivery, NewDelivery
from bot.domain.incident.incident import Incident, IncidentKind
from bot.runbook.model import Policy
from bot.services.core import Core
from bot.services.delivery.handling import DeliveryHandler
from bot.services.shared.access import VisibilityChanged
from bot.services.shared.changes import Change
from bot.services.shared.reminder_recipients import Presence, ReminderRecipients, is_reader_removed
from bot.services.shared.roster import OnCall
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.incidents import IncidentRows
from bot.storage.transaction import Transaction
from bot.ui.words.wording import Wording
from cogs.actions.issues import ActionIssues, Logins
from cogs.actions.items import (
    ActionChange,
    ActionChanges,
    ActionChecks,
    ActionItems,
    ActionQueries,
    action_dm,
    action_job,
    due_line,
    due_notice,
    issue_job,
    reopen,
    verify,
    wake,
)
from cogs.actions.posts import IssueWriter
from cogs.actions.rules import (
    ActionDelivery,
    ActionDm,
    ActionDmReason,
    ActionReminderStage,
    daytime,
    has_fired,
    next_reminder,
    reminder_now,
)
from cogs.actions.store import Actions, IssueExports

log = structlog.get_logger(__name__)

_REASONS: Final = {
    ActionReminderStage.AHEAD: ActionDmReason.AHEAD,
    ActionReminderStage.TODAY: ActionDmReason.TODAY,
    ActionReminderStage.OVERDUE: ActionDmReason.OVERDUE,
}


@dataclass(frozen=True, slots=True)
class ActionRecipient:
    """The person to whom a message about an action item goes.

    Attributes:
        owner_id: The owner for whom Discord was asked; None: it was not.
        is_owner: They own the item. If not, the owner has left, or may not see the incident any more.
        to: As `NewDelivery.to`; None for the owner.
    """

    owner_id: int | None = None
    is_owner: bool = True
    to: str | None = None


class ActionTimers:
    """Reminds of an item, verifies it or reopens it when its `next_at` has come."""

    def __init__(
        self, store: Store, policy: Policy, changing: ActionChanges, recipients: "ActionRecipients"
    ) -> None:
        self._store = store
        self._policy = policy
        self._changing = changing
        self._recipients = recipients

    async def run_job(self, item_id: int) -> None:
        """Remind of an open item, or settle a done one: it is verified, or its alert has fired again."""
        while True:
            item = await Actions(self._store.sql).item(item_id)
            incident = (
                None
                if item.incident_id is None
                else await IncidentRows(self._store.sql).incident(item.incident_id)
            )
            # Discord is asked for the owner before anything is locked.
            is_due = item.next_at is not None and item.next_at <= await self._store.now()
            recipient = await self._recipients.of(item, incident) if is_due else ActionRecipient()
            try:
                async with self._changing.locked(item, incident) as change:
                    await self._look(change, recipient)
            except VisibilityChanged:  # nothing is written yet: look once more whom it may tell
                log.info("action.reminder_retried", action_item_id=item_id)
                continue
            return

    async def _look(self, change: ActionChange, recipient: ActionRecipient) -> None:
        item = change.item
        if item.next_at is None or item.next_at > change.now:
            await wake(change.tx, item, now=change.now)
        elif recipient.owner_id != item.owner.id:
            raise VisibilityChanged  # it became due, or another person's, since Discord was asked
        elif item.is_open:
            await self._remind(change, recipient)
        elif has_fired(item):
            await self._reopen(change, recipient)
        else:
            await verify(change)
            log.info("action.verified", action_item_id=item.id)

    async def _remind(self, change: ActionChange, recipient: ActionRecipient) -> None:
        """Queue the reminder that is due, and set the time of the next one; at night, put it off."""
        item, hours = change.item, self._policy.business_hours
        at = daytime(hours, now=change.now)
        if at == change.now:
            await DeliveryWrites(change.tx.sql).insert_deliveries([self._reminder(change, recipient)])
            at = next_reminder(item.due_on, hours, after=change.now).at
            log.info("action.reminded", action_item_id=item.id)
        await change.set_next(at)

    def _reminder(self, change: ActionChange, recipient: ActionRecipient) -> NewDelivery:
        item, today = change.item, self._today(change.now)
        key = f"{change.item.next_at:%Y%m%d%H%M}:{item.version}"
        reminder = reminder_now(item.due_on, self._policy.business_hours, now=change.now)
        if not recipient.is_owner:
            return action_dm(item, ActionDmReason.OWNER_LEFT, day=today, key=key, to=recipient.to)
        incident = change.incident
        has_thread = incident is not None and incident.kind is IncidentKind.INCIDENT  # not a tracked alert
        if incident is not None and reminder.is_for_thread and has_thread:
            due = due_notice(item, today=today)
            return due_line(item, incident, self._policy, due=due, key=key)
        return action_dm(item, _REASONS[reminder.stage], day=today, key=key)

    async def _reopen(self, change: ActionChange, recipient: ActionRecipient) -> None:
        """Reopen the item, because its alert has fired again, and notify the owner and the thread."""
        fired_in = change.item.fired_in
        is_public = (
            fired_in is not None and not (await IncidentRows(change.tx.sql).incident(fired_in)).is_private
        )
        how = Reopening(at=change.now, incident_id=fired_in)
        await reopen(change, how, policy=self._policy, tells_number=is_public)
        why = ActionDmReason.FIRED if recipient.is_owner else ActionDmReason.OWNER_LEFT
        key = f"v{change.item.version}"
        dm = action_dm(change.item, why, day=self._today(change.now), key=key, to=recipient.to)
        await DeliveryWrites(change.tx.sql).insert_deliveries([dm])
        log.info("action.reopened", action_item_id=change.item.id, incident_id=fired_in)

    def _today(self, now: datetime) -> date:
        return now.astimezone(self._policy.timezone).date()


class ActionRecipients:
    """Finds the recipient of a message about an item: the owner, else a person who leads or is on call."""

    def __init__(self, oncall: OnCall, recipients: ReminderRecipients) -> None:
        self._oncall = oncall
        self._recipients = recipients

    async def of(self, item: ActionItem, incident: Incident | None) -> ActionRecipient:
        """Return the recipient of a message about *item*. If Discord cannot be asked, it is the owner."""
        owner, guild_id = item.owner, item.guild_id
        presence = await self._recipients.presence(owner, incident, guild_id=guild_id)
        if presence is Presence.HERE:
            return ActionRecipient(owner.id)
        instead = await self._recipients.stand_in(owner, incident, guild_id=guild_id)
        if instead.lead is not None:
            return ActionRecipient(owner.id, is_owner=False, to=f"user:{instead.lead.id}")
        place = instead.place or next(iter(await self._oncall.holders(guild_id)))
        return ActionRecipient(owner.id, is_owner=False, to=f"person:{place}")


class ActionDeliveries(DeliveryHandler):
    """Handles the DMs that remind owners of their action items."""

    def __init__(self, policy: Policy, oncall: OnCall) -> None:
        super().__init__(ActionDelivery.DM)
        self._policy = policy
        self._oncall = oncall

    async def is_obsolete(self, tx: Transaction, delivery: Delivery) -> bool:
        """Return True if the item is closed, moved or another person's by now, or its owner was removed."""
        dm = ActionDm.from_json(delivery.data)
        item = await Actions(tx.sql).item(dm.item)
        if not item.is_open or item.owner.id != dm.owner_id:
            return True
        is_reminder = dm.why in (ActionDmReason.AHEAD, ActionDmReason.TODAY, ActionDmReason.OVERDUE)
        is_moved = is_reminder and item.due_on != dm.due_on
        return is_moved or await is_reader_removed(tx, delivery)

    async def report(self, tx: Transaction, delivery: Delivery) -> None:
        """Ask in the incident's thread instead; where there is none, tell the person on call."""
        told = ActionDm.from_json(delivery.data)
        item, now = await Actions(tx.sql).item(told.item), await tx.now()
        today, is_owners = (
            now.astimezone(self._policy.timezone).date(),
            told.why is not ActionDmReason.OWNER_LEFT,
        )
        incident = (
            None
            if delivery.incident_id is None
            else await IncidentRows(tx.sql).incident(delivery.incident_id)
        )
        key = f"refused:{delivery.id}"
        if incident is not None and incident.kind is IncidentKind.INCIDENT:
            mentions = is_owners and not incident.is_private  # a mention lets people into a private thread
            line = due_notice(item, today=today, refused=is_owners, mentions=mentions)
            await DeliveryWrites(tx.sql).insert_deliveries(
                [due_line(item, incident, self._policy, due=line, key=key)]
            )
        elif is_owners:
            place = next(iter(await self._oncall.holders(delivery.guild_id, source=tx)))
            dm = action_dm(item, ActionDmReason.OWNER_LEFT, day=today, key=key, to=f"person:{place}")
            await DeliveryWrites(tx.sql).insert_deliveries([dm])
        else:
            await super().report(tx, delivery)


@dataclass(frozen=True, slots=True)
class ActionUseCases:
    """The use cases of one guild: what people ask for, and what the queue runs."""

    guild_id: int
    items: ActionItems
    lists: ActionQueries
    timers: ActionTimers
    issues: ActionIssues


def build(core: Core) -> ActionUseCases:
    """Put the use cases of one guild together."""
    store, policy, access, host = core.store, core.policy, core.access, core.code_host
    tracker = host.repository if host is not None and policy.github.issues else None
    changing = ActionChanges(store, policy, access, tracker=tracker)
    writer, logins = IssueWriter(Wording(core.texts, policy)), Logins(policy, core.discord)
    return ActionUseCases(
        guild_id=core.guild_id,
        items=ActionItems(store, policy, ActionChecks(store, policy, access), changing),
        lists=ActionQueries(store, policy, access, changing),
        timers=ActionTimers(store, policy, changing, ActionRecipients(core.oncall, core.recipients)),
        issues=ActionIssues(store, policy, host, writer, logins, changing),
    )


def deliveries(_actions: ActionUseCases, core: Core) -> list[DeliveryHandler]:
    """Make the handler of the DMs about items."""
    return [ActionDeliveries(core.policy, core.oncall)]


async def begin(actions: ActionUseCases) -> None:
    """Let open items from before the code host was set up become issues."""
    await actions.issues.begin(actions.guild_id)


async def look(actions: ActionUseCases, payload: str) -> timedelta | None:
    """Run the job that reminds of an item, verifies or reopens it."""
    await actions.timers.run_job(int(payload))
    return None


async def write_issue(actions: ActionUseCases, payload: str) -> timedelta | None:
    """Run the job that brings the issue of an item up to date."""
    await actions.issues.run_job(int(payload))
    return None


async def poll(actions: ActionUseCases, payload: str) -> timedelta | None:
    """Run the job that reads what people changed in the issues of a guild."""
    await actions.issues.poll(int(payload))
    return None


async def wake_unheld(tx: Transaction, fired: FiredAlert) -> None:
    """Wake the done items that name the alert: their fix has not held."""
    broken = await Actions(tx.sql).note_fired(fired)
    await tx.enqueue(*(action_job(item_id) for item_id in broken))


async def end_issues(change: Change) -> None:
    """Queue the jobs that end the issues of an incident that has become private, and name those there are."""
    items = await IssueExports(change.tx.sql).end(change.incident.id)
    await change.tx.enqueue(*(issue_job(item_id) for item_id in items))
