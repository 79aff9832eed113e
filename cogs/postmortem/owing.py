"""Owing a postmortem: set at the resolve, finished, handed over, and reminded of."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.domain.calendar.typed_times import parse_due_date
from bot.domain.delivery.delivery import Delivery, NewDelivery
from bot.domain.errors import InvalidTransition, RecordedRefusal, UserError
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, PersonRef, Status
from bot.domain.incident.parts import Postmortem, PostmortemReminderStage, PostmortemState
from bot.domain.jobs import Job
from bot.domain.people import Person
from bot.domain.postmortems import Owing
from bot.domain.timeline.entries import TimelineEntry
from bot.runbook.model import Policy
from bot.services.delivery.handling import DeliveryHandler
from bot.services.shared.access import Access, AnyAct, VisibilityChanged, require_as_seen
from bot.services.shared.changes import Change, Changes
from bot.services.shared.postings import notice
from bot.services.shared.reminder_recipients import (
    Presence,
    ReminderRecipients,
    StandIn,
    is_reader_removed,
)
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites, MemberRows
from bot.storage.tables.timeline import TimelineWrites
from bot.storage.transaction import Transaction
from cogs.postmortem import rules
from cogs.postmortem.rules import (
    Occasion,
    PostmortemDelivery,
    PostmortemDm,
    PostmortemDoneEntry,
    PostmortemDoneNotice,
    PostmortemDueNotice,
    PostmortemOccasion,
    PostmortemOwedEntry,
    PostmortemOwedNotice,
    PostmortemOwnerEntry,
    PostmortemOwnerNotice,
    PostmortemRemindedEntry,
    PostmortemRules,
    PostmortemTerms,
)
from cogs.postmortem.store import PostmortemRows, owed_postmortems

log = structlog.get_logger(__name__)

#: The job of the draft; its payload is the incident's number, as that of the next.
DRAFT_POSTMORTEM: Final = "draft_postmortem"

#: The job of a reminder.
POSTMORTEM: Final = "postmortem"


class PostmortemAct(AnyAct):
    """What people do about postmortems."""

    FINISH = "finish_postmortem"
    OWE = "owe_postmortem"
    GIVE = "give_postmortem"
    DRAFT = "draft_postmortem"


def terms_of(policy: Policy, incident: Incident) -> PostmortemTerms:
    """Return what the policy says of the postmortem of an incident of this severity."""
    severity = policy.rules_of(incident)
    return PostmortemTerms(severity.postmortem, policy.of(PostmortemRules).due_days, policy.business_hours)


def is_expected(policy: Policy, incident: Incident) -> bool:
    """Return True if a resolved incident has a postmortem to write, or to look at."""
    return incident.status is Status.RESOLVED and rules.has_to_be_written(
        incident, terms_of(policy, incident)
    )


def expected(policy: Policy, incident: Incident, by: Person, now: datetime) -> Owing | None:
    """Return who would owe it, and by when, if *by* resolved the open incident *now* (aware)."""
    return rules.owing_if_resolved(incident, terms_of(policy, incident), by=by, now=now)


def postmortem_key(incident_id: int) -> str:
    """Return the queue's key for the next reminder of a postmortem."""
    return f"postmortem:{incident_id}"


async def put(tx: Transaction, incident: Incident, postmortem: Postmortem, *, now: datetime) -> None:
    """Write a postmortem, and queue the job of its next reminder in the place of an earlier one."""
    key = postmortem_key(incident.id)
    await PostmortemRows(tx.sql).save(incident, postmortem)
    await tx.cancel_jobs([key])
    if postmortem.remind_at is not None:
        after = max(postmortem.remind_at - now, timedelta())
        # Sooner: the job of the last one may be on its way back into the queue at this moment.
        await tx.enqueue(Job(POSTMORTEM, str(incident.id), key, after=after, sooner=True))


async def owe(access: Access, change: Change, resolved: Incident, owner: Person | None) -> Postmortem | None:
    """Set owner and date of the postmortem if the severity of an incident that is resolved now requires one.

    The owner gets a DM, unless they resolve it themselves: the answer names them.

    Args:
        owner: The person chosen in the form; None: by the rule.

    Returns:
        The postmortem as it is now; None if it never owed one.

    Raises:
        As `require_owner`.
    """
    if owner is not None:
        await require_owner(access, owner, change)
    before = await PostmortemRows(change.tx.sql).of(resolved.id)
    terms = terms_of(change.policy, resolved)
    chosen = None if owner is None else PersonRef(owner.id, owner.name)
    owed = rules.owed_at_resolve(resolved, before, terms, now=change.now, chosen=chosen)
    if owed is not None and owed != before:
        await put(change.tx, resolved, owed, now=change.now)
        if owed.is_owed:
            await tell_owner(change, owed, Occasion.RESOLVED, key=f"postmortem:v{resolved.version}")
    return owed


async def require_owner(access: Access, to: Person, change: Change) -> None:
    """Let *to* own the postmortem of the incident of *change*.

    Raises:
        UserError: they are a bot.
        RecordedRefusal: they may not see the incident, or have no role that may respond.
    """
    if to.is_bot:
        raise UserError("postmortem_for_bot", who=to.name)
    if not await access.sees(to, change.incident, source=change.tx):
        raise RecordedRefusal("role_not_visible", incident=change.incident.label, who=to.name)
    permission = PostmortemAct.FINISH.permission
    if not access.allows(to, permission, about=change.incident):
        roles = access.roles(permission, about=change.incident)
        raise RecordedRefusal("postmortem_not_allowed", who=to.name, roles=roles)


async def tell_owner(change: Change, owed: Postmortem, occasion: Occasion, *, key: str) -> None:
    """Queue the DM that tells the owner what another person has decided.

    An owner who did it themselves gets none, and one without an account cannot get one.

    Args:
        key: Unique for the incident.
    """
    if owed.owner_id <= 0 or owed.owner_id == change.by.id:
        return
    data = PostmortemDm(
        owner_id=owed.owner_id,
        owner=owed.owner_name,
        due_on=owed.due_on,
        by=change.by.name,
        occasion=occasion,
    )
    await DeliveryWrites(change.tx.sql).insert_deliveries([owner_dm(change.incident, data, key=f"{key}:dm")])


def owner_dm(incident: Incident, data: PostmortemDm, *, key: str) -> NewDelivery:
    """Return a DM to the owner of a postmortem.

    Args:
        key: Unique for the incident.
    """
    return NewDelivery(
        kind=PostmortemDelivery.DM,
        to=f"user:{data.owner_id}",
        key=f"inc:{incident.id}:{key}",
        guild_id=incident.guild_id,
        incident_id=incident.id,
        data=data.to_json(),
    )


#: How long the draft of an owed postmortem waits for more: people write several notes at once, and each
#: version is a commit in the team's repository.
_DRAFTED_IN: Final = timedelta(minutes=1)


async def follow_record(change: Change) -> None:
    """Queue a new draft after the timeline has changed, delayed by `_DRAFTED_IN`."""
    await _want_draft(change, after=_DRAFTED_IN)


async def follow_at_once(change: Change) -> None:
    """Let the draft follow what an incident's end, title, start or resolution is now."""
    await _want_draft(change, after=timedelta())


async def _want_draft(change: Change, *, after: timedelta) -> None:
    """Queue a new draft of the postmortem that a resolved incident owes, to be made in *after*.

    The draft of a private incident is made only on request: see `Documents.draft_after_resolve`.
    """
    incident = change.incident
    if incident.status is not Status.RESOLVED or incident.is_private:
        return
    if await PostmortemRows(change.tx.sql).want_draft(incident.id, after=after):
        key = f"{DRAFT_POSTMORTEM}:{incident.id}"
        await change.tx.enqueue(Job(DRAFT_POSTMORTEM, str(incident.id), key, after=after, sooner=True))


async def release(change: Change) -> None:
    """Release the owner from the postmortem of an incident that is reopened, until it is resolved again."""
    before = await PostmortemRows(change.tx.sql).of(change.incident.id)
    released = rules.not_owed(before)
    if released is not None and released != before:
        await put(change.tx, change.incident, released, now=change.now)


@dataclass(frozen=True, slots=True)
class PostmortemChange:
    """The outcome of a change of a postmortem.

    Attributes:
        postmortem: As it is now.
        changed: False if it was so before.
        is_same_owner: Only its date was moved.
    """

    incident: Incident
    postmortem: Postmortem
    changed: bool
    is_same_owner: bool = False


class Postmortems:
    """Finishes postmortems, hands them over and moves their dates.

    Every method that changes one raises as `Changes.change`; UserError: the incident never owed one;
    InvalidTransition: it goes on, so that nothing is owed.
    """

    def __init__(self, store: Store, policy: Policy, access: Access, changes: Changes) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self._changes = changes

    async def offered(self, guild_id: int, *, by: Person) -> list[Incident]:
        """Return the incidents that owe a postmortem, those that *by* may see; the earliest date first."""
        owed = await owed_postmortems(self._store.sql, guild_id)
        return [one.incident for one in owed if await self._access.sees(by, one.incident)]

    async def done(self, incident_id: int, *, by: Person) -> PostmortemChange:
        """Record that the postmortem is done. A second time is an outcome, not an error."""
        async with self._changing(incident_id, by=by, act=PostmortemAct.FINISH) as (change, postmortem):
            if postmortem.state is PostmortemState.DONE:
                return PostmortemChange(change.incident, postmortem, changed=False)
            finished = await finish(change, postmortem, by=PersonRef(by.id, by.name))
        return PostmortemChange(change.incident, finished, changed=True)

    async def undo(self, incident_id: int, *, by: Person) -> PostmortemChange:
        """Take back that the postmortem is done; reminders that had not come yet will come."""
        async with self._changing(incident_id, by=by, act=PostmortemAct.OWE) as (change, postmortem):
            transitions.require_resolved(change.incident)
            if postmortem.is_owed:
                return PostmortemChange(change.incident, postmortem, changed=False)
            owed = rules.owed_again(postmortem, self._policy.business_hours, now=change.now)
            line = await _saved(change, owed)
            await change.record(PostmortemOwedEntry(due_on=owed.due_on), line=line)
            owner = PersonRef(owed.owner_id, owed.owner_name)
            await change.say(PostmortemOwedNotice(owner=owner, due_on=owed.due_on), key=line)
        return PostmortemChange(change.incident, owed, changed=True)

    async def give(
        self, incident_id: int, *, to: Person | None, due: str = "", by: Person
    ) -> PostmortemChange:
        """Hand the postmortem over to *to*, or move its date, or both.

        Its owner gets a DM, unless that is *by*.

        Args:
            to: None: its owner stays.
            due: As typed ("12/5", "3 営業日後"); empty: its date stays.

        Raises:
            UserError: neither is given, *to* is a bot, or no day from today on can be read from *due*.
            RecordedRefusal: *to* may not see the incident, or has no role that may respond.
            InvalidTransition: it is done.
        """
        if to is None and not due.strip():
            raise UserError("postmortem_owner_or_date")
        due_on = None
        if due.strip():
            today = (await self._store.now()).astimezone(self._policy.timezone).date()
            due_on = parse_due_date(due, today=today, hours=self._policy.business_hours)
        async with self._changing(incident_id, by=by, act=PostmortemAct.GIVE) as (change, before):
            if before.state is PostmortemState.DONE:
                raise InvalidTransition("postmortem_done", incident=change.incident.label)
            is_same_owner = to is None or to.id == before.owner_id
            if is_same_owner and due_on in (None, before.due_on):
                return PostmortemChange(change.incident, before, changed=False)
            given = before
            if to is not None and not is_same_owner:
                await require_owner(self._access, to, change)
                given = replace(given, owner_id=to.id, owner_name=to.name)
            if due_on is not None and due_on != before.due_on:
                given = rules.redated(given, due_on, self._policy.business_hours, now=change.now)
            await _note_given(change, before, given)
        return PostmortemChange(change.incident, given, changed=True, is_same_owner=is_same_owner)

    @asynccontextmanager
    async def _changing(
        self, incident_id: int, *, by: Person, act: PostmortemAct
    ) -> AsyncIterator[tuple[Change, Postmortem]]:
        """Change an incident that owes a postmortem, or has one that is done."""
        async with self._changes.change(incident_id, by=by, act=act) as change:
            postmortem = await PostmortemRows(change.tx.sql).of(incident_id)
            if postmortem is None:
                raise UserError("postmortem_none", incident=change.incident.label)
            if postmortem.state is PostmortemState.NOT_OWED:
                raise InvalidTransition("postmortem_not_owed", incident=change.incident.label)
            yield change, postmortem


async def finish(
    change: Change, postmortem: Postmortem, *, by: PersonRef, merged: str | None = None
) -> Postmortem:
    """Record in the caller's transaction that an owed postmortem is done; reminders end.

    Args:
        by: Who finished it; the id is 0 for a person whom Discord does not know.
        merged: The address of the pull request whose merge ended it.
    """
    finished = rules.done(postmortem, by_id=by.id or None, by_name=by.name, at=change.now)
    line = await _saved(change, finished)
    await change.record(PostmortemDoneEntry(merged=merged), line=line)
    await change.say(PostmortemDoneNotice(merged=merged), key=line)
    return finished


async def _note_given(change: Change, before: Postmortem, given: Postmortem) -> None:
    """Save another owner or date, and tell the thread and the owner."""
    line = await _saved(change, given)
    owner, former = PersonRef(given.owner_id, given.owner_name), PersonRef(before.owner_id, before.owner_name)
    due_on, due_before = given.due_on, None if given.due_on == before.due_on else before.due_on
    entry = PostmortemOwnerEntry(owner=owner, former=former, due_on=due_on, due_before=due_before)
    await change.record(entry, line=line)
    given_notice = PostmortemOwnerNotice(owner=owner, former=former, due_on=due_on, due_before=due_before)
    await change.say(given_notice, key=line)
    is_same_owner = owner.id == former.id
    await tell_owner(change, given, Occasion.REDATED if is_same_owner else Occasion.GIVEN, key=line)


async def _saved(change: Change, postmortem: Postmortem) -> str:
    """Write a changed postmortem, let the posts show it, and return the key of the thread's line about it."""
    await put(change.tx, change.incident, postmortem, now=change.now)
    await change.save(transitions.renewed(change.incident))
    return f"postmortem:v{change.incident.version}"  # without the v, it may be the key of a draft's message


#: Why the line in the thread asks instead of a DM to an owner who is away.
_AWAY: Final = {Presence.GONE: PostmortemOccasion.GONE, Presence.HIDDEN: PostmortemOccasion.HIDDEN}


@dataclass(frozen=True, slots=True)
class _Owner:
    """The owner of a postmortem as Discord knows them before anything is locked.

    Attributes:
        instead: Who is asked in their place; None while they are here.
    """

    who: PersonRef
    presence: Presence = Presence.HERE
    instead: StandIn | None = None


class PostmortemReminders:
    """Handler of the queue's postmortem job; may run twice, or too early, without harm."""

    def __init__(self, store: Store, policy: Policy, recipients: ReminderRecipients) -> None:
        self._store = store
        self._policy = policy
        self._hours = policy.business_hours
        self._recipients = recipients

    async def run_job(self, incident_id: int) -> None:
        """Send the reminder of a postmortem if one is due: each stage once, and only in business hours."""
        while True:
            seen, owed = (
                await IncidentRows(self._store.sql).incident(incident_id),
                await PostmortemRows(self._store.sql).of(incident_id),
            )
            if owed is None or not owed.is_owed:
                return
            owner = await self._look(seen, owed)
            try:
                async with self._store.transaction() as tx:
                    stage = await self._remind_if_due(tx, seen, owner)
            except VisibilityChanged:  # nothing is written yet: look once more whom it may ask
                log.info("postmortem.reminder_retried", incident_id=incident_id)
                continue
            if stage is not None:
                log.info("postmortem.reminded", incident_id=incident_id, stage=stage.value)
            return

    async def _look(self, incident: Incident, owed: Postmortem) -> _Owner:
        """Look for the owner, if a reminder may be due; in a private incident in any case."""
        owner = PersonRef(owed.owner_id, owed.owner_name)
        is_due = rules.due(owed, self._hours, now=await self._store.now()) is not None
        if not (is_due or incident.is_private):
            return _Owner(owner)
        guild_id, presence = incident.guild_id, Presence.GONE
        if owner.id > 0:
            presence = await self._recipients.presence(owner, incident, guild_id=guild_id)
        if presence is Presence.HERE:
            return _Owner(owner)
        stand_in = await self._recipients.stand_in(owner, incident, guild_id=guild_id)
        return _Owner(owner, presence, stand_in)

    async def _remind_if_due(
        self, tx: Transaction, seen: Incident, owner: _Owner
    ) -> PostmortemReminderStage | None:
        """Send the reminder if it is due, and return which one it was; else queue the job for later."""
        incident = await IncidentWrites(tx.sql).incident(seen.id, lock=True)
        owed, now = await PostmortemRows(tx.sql).of(seen.id), await tx.now()
        if owed is None or not owed.is_owed:
            return None
        if incident.status is not Status.RESOLVED:  # an older version has reopened it
            await put(tx, incident, rules.not_owed(owed) or owed, now=now)
            return None
        reminder = rules.due(owed, self._hours, now=now)
        if reminder is None:  # the job came too early
            await put(tx, incident, rules.scheduled(owed, self._hours, now=now), now=now)
            return None
        if not self._hours.is_open(now):  # it comes late, after an outage
            await put(tx, incident, replace(owed, remind_at=self._hours.opening(now)), now=now)
            return None
        require_as_seen(incident, seen)
        if owed.owner_id != owner.who.id:  # it was handed over meanwhile
            raise VisibilityChanged
        await self._remind(tx, incident, replace(owed, reminded=reminder.stage), owner)
        return reminder.stage

    async def _remind(self, tx: Transaction, incident: Incident, owed: Postmortem, owner: _Owner) -> None:
        """Send the reminder that *owed* has just recorded, and store when the next one is due."""
        now = await tx.now()
        await put(tx, incident, rules.scheduled(owed, self._hours, now=now), now=now)
        entry = PostmortemRemindedEntry(
            stage=owed.reminded,
            owner=owed.owner_name,
            is_away=owner.presence is not Presence.HERE,
        )
        await TimelineWrites(tx.sql).add_timeline(incident.id, TimelineEntry.of(entry, now))
        await DeliveryWrites(tx.sql).insert_deliveries([self._message(incident, owed, owner)])

    def _message(self, incident: Incident, owed: Postmortem, owner: _Owner) -> NewDelivery:
        """Return the DM; or the line in the thread, at the last stage and if the owner is away."""
        key = f"postmortem:{owed.due_on}:{owed.reminded}"
        if owner.instead is None and owed.reminded is not PostmortemReminderStage.THREAD:
            data = PostmortemDm(
                owner_id=owed.owner_id, owner=owed.owner_name, due_on=owed.due_on, stage=owed.reminded
            )
            return owner_dm(incident, data, key=f"{key}:dm")
        instead = owner.instead or StandIn(None, None)
        due = PostmortemDueNotice(
            why=_AWAY.get(owner.presence, PostmortemOccasion.OVERDUE),
            owner=owner.who,
            due_on=owed.due_on,
            lead=instead.lead,
            asks=instead.place,
        )
        return notice(incident, self._policy, due, key=key)


class PostmortemDeliveries(DeliveryHandler):
    """Handles the DMs that remind the owner of a postmortem."""

    def __init__(self, policy: Policy) -> None:
        super().__init__(PostmortemDelivery.DM)
        self._policy = policy

    async def is_obsolete(self, tx: Transaction, delivery: Delivery) -> bool:
        """Return True if the postmortem is done, has another owner or date, or its owner was removed."""
        dm = PostmortemDm.from_json(delivery.data)
        owed = await PostmortemRows(tx.sql).of(delivery.incident_id or 0)
        if owed is None or not owed.is_owed:
            return True
        is_moved = (owed.owner_id, owed.due_on) != (dm.owner_id, dm.due_on)
        return is_moved or await is_reader_removed(tx, delivery)

    async def report(self, tx: Transaction, delivery: Delivery) -> None:
        """Queue a line for the thread instead, which mentions the owner unless that would let them in."""
        incident = await IncidentRows(tx.sql).incident(delivery.incident_id or 0)
        dm = PostmortemDm.from_json(delivery.data)
        removed = {one.id for one in await MemberRows(tx.sql).removed_members(incident.id)}
        due = PostmortemDueNotice(
            why=PostmortemOccasion.HIDDEN
            if incident.is_private and dm.owner_id in removed
            else PostmortemOccasion.UNDELIVERED,
            owner=PersonRef(dm.owner_id, dm.owner),
            due_on=dm.due_on,
        )
        line = notice(incident, self._policy, due, key=f"postmortem_undelivered:{delivery.id}")
        await DeliveryWrites(tx.sql).insert_deliveries([line])
