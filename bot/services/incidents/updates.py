"""Status updates: what is known, who is affected, when the next one comes; and the reminder of it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.capability import IncidentEvent
from bot.domain.errors import InvalidTransition, UserError
from bot.domain.incident import transitions
from bot.domain.incident.forms import Shown, with_changes
from bot.domain.incident.incident import Incident, Phase, Status, StatusUpdate, UsersAffected
from bot.domain.incident.records import (
    DetailsChangedEntry,
    UpdatedEntry,
    UpdatedNotice,
    UpdateDueEntry,
    UpdateDueNotice,
)
from bot.domain.people import Person
from bot.domain.severity import Deadline
from bot.domain.text import storable
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.runbook.model import Policy
from bot.services.escalation.release import Releasing, Silence
from bot.services.incidents.roles import vacate
from bot.services.shared.access import Act, VisibilityChanged, require_as_seen
from bot.services.shared.changes import Change, Changes
from bot.services.shared.jobs import note_sign_of_life, refresh_job, remind_later
from bot.services.shared.postings import notice
from bot.services.shared.reminder_recipients import Absence, ReminderRecipients
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryRows, DeliveryWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.timeline import TimelineWrites
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)

#: Characters of what is known, and of who is affected.
KNOWN_LIMIT: Final = 1_000

IMPACT_LIMIT: Final = 300

# For a severity for which the policy asks for no updates, when a person has promised one.
_EVERY: Final = timedelta(hours=1)

# The same words by the same person within this time were sent twice: Discord had shown an error, perhaps.
_AGAIN_WITHIN: Final = timedelta(minutes=2)


async def post_update(
    change: Change,
    words: tuple[str | None, str | None],
    *,
    key: str,
    phase: Phase | None = None,
    users: UsersAffected | None = None,
) -> None:
    """Record and post what is known and the impact (None: only a promise), with the next update's time."""
    (known, impact), next_at, line = words, change.incident.updates.due_at, f"updated:{key}"
    entry = UpdatedEntry(next_at=next_at, known=known, impact=impact, phase=phase, users=users, key=key)
    await change.record(entry, line=line)
    told = UpdatedNotice(
        at=change.now, next_at=next_at, known=known, impact=impact, phase=phase, users=users, key=key
    )
    await change.say(told, key=line)


class Promises:
    """Moves the promised time of the next status update to what the severity asks for, when a person says so.

    A change of severity alone leaves the promise as it was.
    """

    def __init__(self, policy: Policy, changes: Changes) -> None:
        self._policy = policy
        self._changes = changes

    async def follow_severity(self, incident_id: int, *, severity: str, by: Person, key: str) -> Incident:
        """Promise the next update when *severity* asks for it, from now on, and tell the thread.

        Args:
            severity: As the button showed it.
            key: The same key promises once ("interaction:123").

        Raises:
            As `Changes.change`; InvalidTransition: it has ended, or has another severity by now.
        """
        async with self._changes.change(incident_id, by=by, act=Act.UPDATE) as change:
            if await change.recorded_under(key):  # Discord has delivered the same press twice
                return change.incident
            transitions.require_open(change.incident)
            now = change.incident.severity
            if now != severity:
                raise InvalidTransition("severity_moved", incident=change.incident.label, severity=now)
            next_at = self._policy.update_due(self._policy.rules(severity), at=change.now)
            await change.save(transitions.apply_status_update(change.incident, None, next_update_at=next_at))
            await remind_later(change.tx, change.incident, now=change.now)
            await post_update(change, (None, None), key=key)
        return change.incident


@dataclass(frozen=True, slots=True)
class NewUpdate:
    """The form as a person filled it in.

    Attributes:
        known: What is known; empty when only something else is to be changed.
        impact: Who or what is affected; None when it was left as the form showed it.
        next_in: When the next update is promised, from now on; None promises none.
        targets, symptoms: What is chosen of those that the policy knows.
        key: The same key tells once ("interaction:123").
        phase: The phase that was chosen; None leaves it as it is.
        users: Whether users are affected; None leaves it as it is.
        preset: What of that the form had chosen when it opened, because the triage says it: left, it is told
            with an update, but makes none.
        shown: The choice that the form showed; None if not known, or if the policy listed others then.
    """

    known: str
    impact: str | None
    next_in: Deadline | None
    targets: tuple[str, ...]
    symptoms: tuple[str, ...]
    key: str
    phase: Phase | None = None
    users: UsersAffected | None = None
    preset: UsersAffected | None = None
    shown: Shown | None = None


@dataclass(frozen=True, slots=True)
class UpdateResult:
    """What an update has changed.

    Attributes:
        posted: The thread gets the update.
        detailed: Targets or symptoms have changed.
    """

    incident: Incident
    posted: bool
    detailed: bool


class Updates:
    """Posts status updates, and reminds people of those that are due."""

    def __init__(
        self,
        store: Store,
        policy: Policy,
        changes: Changes,
        recipients: ReminderRecipients,
        releasing: Releasing,
    ) -> None:
        self._recipients = recipients
        self._releasing = releasing
        self._store = store
        self._policy = policy
        self._changes = changes

    async def tell(self, incident_id: int, update: NewUpdate, *, by: Person) -> UpdateResult:
        """Post a status update in the thread, and keep the chosen targets and symptoms.

        Raises:
            As `Changes.change`; InvalidTransition: it has ended; UserError: nothing is new.
        """
        async with self._changes.change(incident_id, by=by, act=Act.UPDATE) as change:
            earlier = await change.recorded_under(update.key)
            if earlier:  # Discord has delivered the same interaction twice
                return UpdateResult(
                    change.incident,
                    posted=TimelineKind.UPDATED in earlier,
                    detailed=TimelineKind.DETAILS_CHANGED in earlier,
                )
            transitions.require_open(change.incident)
            detailed = await self._set_details(change, update)
            posted = await self._say(change, update)
            if not (detailed or posted):
                raise UserError("update_empty", incident=change.incident.label)
            await change.then(IncidentEvent.UPDATED)
        return UpdateResult(change.incident, posted=posted, detailed=detailed)

    async def remind(self, incident_id: int) -> None:
        """Ask for an update that is due, once: the commander, or else the responder.

        A commander who has left the server loses the role, and a responder who has left loses the incident,
        as if they had handed it back: then nobody is asked for an update. If neither may see the incident
        any more, the person on call is asked.
        A second run is harmless: it finds that the next reminder is later.
        """
        while True:
            seen = await IncidentRows(self._store.sql).incident(incident_id)
            absence = await self._absence(seen)
            silence = await self._silence(seen, absence)
            try:
                async with self._store.transaction() as tx:
                    reminders = await self._remind_if_due(tx, seen, absence, silence)
            except VisibilityChanged:  # nothing is written yet: look once more whom it may mention
                log.info("update.reminder_retried", incident_id=incident_id)
                continue
            if reminders is not None:
                log.info("update.reminded", incident_id=incident_id, reminders=reminders)
            return

    async def _silence(self, incident: Incident, absence: Absence) -> Silence:
        """Look up what is to be known if the acknowledgement ends now, for silence or for *absence*."""
        now = await self._store.now()
        if incident.updates.remind_at is None or incident.updates.remind_at > now:
            return Silence()
        is_over = await self._lapses(incident, self._store, now=now)
        if is_over:
            return await self._releasing.silence(incident)
        return await self._releasing.absent(incident.id, absence.gone)

    async def _lapses(self, incident: Incident, source: Store | Transaction, *, now: datetime) -> bool:
        """Return True if the acknowledgement ends now, instead of another reminder.

        It ends only if the last reminder has announced that, and not earlier. One that an older version or
        another policy has sent may not have announced it, and a higher severity asks again sooner.
        """
        due_at, lapses_after = incident.updates.due_at, self._policy.rules_of(incident).ack_lapses_after
        if due_at is None or lapses_after is None or not incident.updates.reminders:
            return False
        if incident.status is not Status.ACKNOWLEDGED:
            return False
        last = await DeliveryRows(source.sql).delivery_by_key(
            f"inc:{incident.id}:{_notice_key(due_at, incident.updates.reminders)}"
        )
        lapses_at = None if last is None else UpdateDueNotice.from_json(last.data).lapses_at
        return lapses_at is not None and lapses_at <= now

    async def _absence(self, incident: Incident) -> Absence:
        """Return the people whom the reminder must not ask for an update.

        Discord is asked for them before anything is locked, and only when a reminder is due. For a private
        incident it is asked in any case: the reminder may be due by the time the incident is locked.
        """
        if incident.updates.remind_at is None:
            return Absence()
        if not incident.is_private and incident.updates.remind_at > await self._store.now():
            return Absence()
        return await self._recipients.look(incident)

    async def _remind_if_due(
        self, tx: Transaction, seen: Incident, absence: Absence, silence: Silence
    ) -> int | None:
        """Send the reminder if it is due, and return how many were sent so far; None if it is not due."""
        incident = await IncidentWrites(tx.sql).incident(seen.id, lock=True)
        now, due_at = await tx.now(), incident.updates.due_at
        if not incident.is_open or due_at is None or incident.updates.remind_at is None:
            return None
        if incident.updates.remind_at > now:
            await remind_later(tx, incident, now=now)
            return None
        if await self._lapses(incident, tx, now=now):
            if silence.is_broken:
                await note_sign_of_life(tx, self._policy, incident, now=now)
            else:
                await self._releasing.lapse(tx, incident, now=now, silence=silence)
            return None
        require_as_seen(incident, seen)
        incident = await vacate(tx, self._policy, incident, absence.gone, now=now)
        held = await self._releasing.take_off(tx, incident, absence.gone, by=None, known=silence)
        if held is not incident:
            return None
        return (await self._remind(tx, incident, absence, now=now, due_at=due_at)).updates.reminders

    async def _remind(
        self, tx: Transaction, incident: Incident, absence: Absence, *, now: datetime, due_at: datetime
    ) -> Incident:
        severity = self._policy.rules_of(incident)
        every, times = severity.update_every or _EVERY, transitions.intervals_until_repeat(incident)
        again_at = self._policy.due(every, at=now, times=times)
        lapses_at = None
        if severity.ack_lapses_after is not None and incident.status is Status.ACKNOWLEDGED:
            again_at = lapses_at = now + severity.ack_lapses_after
        reminded = transitions.remind(incident, again_at=again_at)
        lead = incident.lead_without(absence.all)
        name = None if lead is None else lead.name
        entry = UpdateDueEntry(
            due_at=due_at, reminder=reminded.updates.reminders, lead=name, lapses_at=lapses_at
        )
        told = UpdateDueNotice(
            due_at=due_at,
            reminder=reminded.updates.reminders,
            lead=name,
            lead_id=None if lead is None else lead.id,
            gone=tuple(sorted(absence.all)),
            lapses_at=lapses_at,
            asks=absence.place if lead is None and incident.rings else None,
        )
        await IncidentWrites(tx.sql).save(reminded)
        await TimelineWrites(tx.sql).add_timeline(incident.id, TimelineEntry.of(entry, now))
        key = _notice_key(due_at, reminded.updates.reminders)
        await DeliveryWrites(tx.sql).insert_deliveries([notice(reminded, self._policy, told, key=key)])
        await tx.enqueue(refresh_job(reminded, severity=severity))
        await remind_later(tx, reminded, now=now)
        return reminded

    async def _set_details(self, change: Change, update: NewUpdate) -> bool:
        """Apply the choice of targets and symptoms; return True if they are others now."""
        incident, policy, shown = change.incident, self._policy, update.shown
        was_in, was_how = (None, None) if shown is None else (shown.targets, shown.symptoms)
        targets = with_changes(incident.targets, update.targets, was_in, known=policy.targets)
        symptoms = with_changes(incident.symptoms, update.symptoms, was_how, known=policy.symptoms)
        if set(targets) == set(incident.targets) and set(symptoms) == set(incident.symptoms):
            return False
        changed = replace(incident, targets=targets, symptoms=symptoms, version=incident.version + 1)
        await change.save(changed)
        await change.record(DetailsChangedEntry(targets=targets, symptoms=symptoms, key=update.key))
        return True

    async def _say(self, change: Change, update: NewUpdate) -> bool:
        """Post the update, unless it has no words, no new phase and no new promise; return True if posted."""
        incident, last = change.incident, change.incident.updates.last
        before = "" if last is None else last.impact
        known = _words(update.known, KNOWN_LIMIT)
        impact = before if update.impact is None else _words(update.impact, IMPACT_LIMIT)
        users = None if update.users is incident.users_affected else update.users
        if users is update.preset and incident.users_affected is not None:  # left, and said otherwise since
            users = None
        is_moved = update.phase not in (None, incident.phase) or users not in (None, update.preset)
        if not is_moved and _was_just_said(last, known, impact, change=change):
            return True
        is_said = bool(known) or impact != before
        if not (is_said or is_moved) and update.next_in == self._policy.rules_of(incident).update_every:
            return False
        # What was known stays so when only the impact is another.
        kept = known or ("" if last is None else last.known)
        said = StatusUpdate(kept, impact, change.now, change.by.name) if is_said else None
        next_in = update.next_in
        next_at = None if next_in is None else self._policy.due(next_in, at=change.now)
        told = transitions.apply_status_update(
            incident, said, next_update_at=next_at, phase=update.phase, users=users
        )
        await change.save(told)
        await remind_later(change.tx, change.incident, now=change.now)
        words = (known, impact) if is_said else (None, None)
        await post_update(change, words, key=update.key, phase=update.phase, users=users)
        return True


def is_past(incident: Incident, reminder: UpdateDueNotice) -> bool:
    """Return True if *reminder* need not be sent any more: it was heeded, or asked for again."""
    promised = incident.updates.due_at
    if not incident.is_open or promised is None:
        return True
    return (promised, incident.updates.reminders) != (reminder.due_at, reminder.reminder)


def _notice_key(due_at: datetime, number: int) -> str:
    """Return the key of a reminder: each promise counts its reminders from one."""
    return f"update_due:{int(due_at.timestamp())}:{number}"


def _was_just_said(last: StatusUpdate | None, known: str, impact: str, *, change: Change) -> bool:
    if last is None or not known:
        return False
    is_same = (last.known, last.impact, last.by) == (known, impact, change.by.name)
    return is_same and change.now - last.at < _AGAIN_WITHIN


def _words(text: str, limit: int) -> str:
    return storable(text).strip()[:limit]
