"""The transitions of an incident: its acknowledgements, severity, roles, updates and ends.

Each raises InvalidTransition if the incident's state does not allow it, most of them if it has
ended. Source: the runbook, エスカレーションパス.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from bot.domain.errors import InvalidTransition
from bot.domain.incident import relations
from bot.domain.incident.incident import (
    ByPerson,
    EndedAck,
    Incident,
    IncidentKind,
    PersonRef,
    Phase,
    Role,
    Status,
    StatusUpdate,
    StatusUpdates,
    UsersAffected,
)
from bot.domain.incident.ownership import OwnerWhy
from bot.domain.incident.posting import next_posting
from bot.domain.people import Person
from bot.domain.severity import NewSeverity, SeverityChange
from bot.domain.timeline.lines import Line


def require_open(incident: Incident) -> None:
    """Require that *incident* is open.

    Raises:
        InvalidTransition: it has ended; the key says how.
    """
    if incident.is_open:
        return
    if incident.is_drill:  # it cannot be opened again, so nothing else is of any use here
        raise InvalidTransition("drill_over", incident=incident.label)
    raise InvalidTransition(
        f"already_{incident.status.value}",
        incident=incident.label,
        by=None if incident.ended is None else incident.ended.name,
    )


def require_resolved(incident: Incident) -> None:
    """Require that *incident* is resolved.

    Raises:
        InvalidTransition: it is open, or has ended in another way; the key says how.
    """
    if incident.is_open:
        raise InvalidTransition("not_resolved", incident=incident.label)
    if incident.status is not Status.RESOLVED:
        require_open(incident)


def require_tracked(incident: Incident) -> None:
    """Require that *incident* is an open tracked alert.

    Raises:
        InvalidTransition: it has ended, or has become an incident.
    """
    require_open(incident)
    if incident.kind is IncidentKind.INCIDENT:
        raise InvalidTransition("declared_before", incident=incident.label)


#: A reminder without effect is repeated less and less often: after 1, 2, 4 and then every 8 intervals.
_SLOWEST: Final = 8


def promised(incident: Incident, due_at: datetime | None) -> Incident:
    """Set the next status update and its reminder to *due_at*; None: no update is due.

    This is part of a larger change, so the version stays the same.
    """
    updates = StatusUpdates(incident.updates.last, due_at=due_at, remind_at=due_at)
    return replace(incident, updates=updates)


def taken_on(incident: Incident, owed: datetime | None) -> Incident:
    """Return the incident as a new responder takes it: a promised update keeps its time, else *owed* counts.

    An update may have promised it before the first acknowledgement. An overdue promise stays as well: it was
    announced, and it was missed.
    """
    return promised(incident, owed) if incident.updates.due_at is None else incident


def regraded(incident: Incident, owed: datetime | None, *, is_more_severe: bool) -> Incident:
    """Return the incident with its promise under a severity that asks for updates by *owed* (None: never).

    A promise stays, overdue or not: it was announced. Only a higher severity brings it forward, as
    no promise overrides the policy's deadline. Without a promise, *owed* counts.
    """
    promise = incident.updates
    if promise.due_at is None:
        return promised(incident, owed)
    if owed is None or not is_more_severe:
        return incident
    remind_at = owed if promise.remind_at is None else min(promise.remind_at, owed)
    sooner = replace(promise, due_at=min(promise.due_at, owed), remind_at=remind_at)
    return replace(incident, updates=sooner)


def promise_renewed(incident: Incident, due_at: datetime | None) -> Incident:
    """Renew the promise after a sign of life without an update: the next update is due at *due_at*."""
    return replace(promised(incident, due_at), version=incident.version + 1)


def intervals_until_repeat(incident: Incident) -> int:
    """Return after how many intervals, >= 1, the reminder due now is repeated if no update follows."""
    return min(1 << incident.updates.reminders, _SLOWEST)


def remind(incident: Incident, *, again_at: datetime) -> Incident:
    """Count a reminder of an overdue status update, and schedule the next at *again_at*.

    The promised time of the update stays what people were told.
    """
    updates = replace(incident.updates, remind_at=again_at, reminders=incident.updates.reminders + 1)
    return replace(incident, updates=updates, version=incident.version + 1)


def correct_last_update(incident: Incident, lines: Iterable[Line], *, entry_id: int) -> Incident:
    """Return the incident with its latest update corrected: the words, the impact, or both.

    The words may be older than the impact: an update that names only an impact keeps the earlier words.
    An incident that shows nothing of the entry comes back unchanged.
    """
    updates = [line for line in lines if line.entry.is_update]
    last = incident.updates.last
    if last is None or entry_id not in (line.entry.id for line in updates):
        return incident
    known = next((line.said for line in reversed(updates) if line.said), "")
    corrected = replace(last, known=known, impact=updates[-1].impact)
    if corrected == last:
        return incident
    return replace(incident, updates=replace(incident.updates, last=corrected), version=incident.version + 1)


class AckVia(StrEnum):
    """How an acknowledgement reached us."""

    REACTION = "reaction"
    BUTTON = "button"
    RECONCILED = "reconciled"  # a reaction found by reading Discord, its event having been missed
    REOPENED = "reopened"  # the person who reopens it is on it
    EMAIL = "email"  # the link in the email, or in a push
    PUSHOVER = "pushover"  # in its app
    PAGERDUTY = "pagerduty"  # there
    ROLE = "role"  # the person who takes a role is on it
    MERGED = "merged"  # the responders of a duplicate of at least this severity are on it


class AckOutcome(StrEnum):
    """The outcome of an acknowledgement."""

    FIRST = "first"
    JOINED = "joined"
    ALREADY = "already"  # this person had acknowledged or joined before
    TOO_LATE = "too_late"  # the incident has ended


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """An acknowledge and its outcome; a second acknowledgement is an outcome, not an error."""

    incident: Incident
    outcome: AckOutcome
    by: Person
    at: datetime


@dataclass(frozen=True, slots=True)
class FormerResponder:
    """A responder who has handed back, or did not answer a reminder.

    Attributes:
        unmarked: Ids of messages that had no 👀 of theirs when they left, or at some time since.
    """

    left_at: datetime
    unmarked: frozenset[int]


def acknowledge(
    incident: Incident,
    *,
    by: Person,
    at: datetime,
    already_responding: bool,
    next_update_at: datetime | None,
    why: OwnerWhy | None = None,
) -> Acknowledgement:
    """Acknowledge an incident. The first acknowledgement wins; later ones join as responders.

    Args:
        why: How *by* comes to have it, if it is theirs now; None: by acknowledging it.
        already_responding: *by* is on the incident's list of responders.
        next_update_at: When a status update is due if *by* is the first and none is promised; None: never.

    Source: runbook, エスカレーションパス 1.
    """
    if not incident.is_open:
        return Acknowledgement(incident, AckOutcome.TOO_LATE, by, at)
    if incident.status is Status.TRIGGERED:
        act = ByPerson(by.id, by.name, at, why)
        first = replace(incident, taken=act, status=Status.ACKNOWLEDGED, version=incident.version + 1)
        if incident.acknowledged is None:
            # It stays the first one, whose columns hold no more than who and when. After a reopening it is
            # also the latest: until then the person who reopened the incident was on it.
            latest = incident.taken if incident.reopened is None and why is None else act
            first = replace(first, acknowledged=ByPerson(by.id, by.name, at), taken=latest)
        return Acknowledgement(taken_on(first, next_update_at), AckOutcome.FIRST, by, at)
    outcome = AckOutcome.ALREADY if already_responding else AckOutcome.JOINED
    return Acknowledgement(incident, outcome, by, at)


def end_ack(incident: Incident, *, at: datetime, lapsed: bool) -> Incident:
    """End the acknowledgement: the incident is triggered again and waits for a new one."""
    holder = incident.on_it
    if incident.status is not Status.ACKNOWLEDGED or holder is None:
        raise InvalidTransition("not_on_it", incident=incident.label)
    ended = replace(
        incident,
        status=Status.TRIGGERED,
        ack_ended=EndedAck(holder.name, at, lapsed),
        version=incident.version + 1,
    )
    return promised(ended, None)


def take_over(
    incident: Incident, *, by: PersonRef, at: datetime, next_update_at: datetime | None
) -> Incident:
    """Hand the incident to *by*, who had acknowledged it too, because the person who had it has let go.

    A promised update stays promised. After a reminder the time starts again: *by* has not been asked yet.
    """
    act = ByPerson(by.id, by.name, at, OwnerWhy.HANDED)
    taken = replace(incident, taken=act, version=incident.version + 1)
    return promised(taken, next_update_at) if incident.updates.reminders else taken_on(taken, next_update_at)


def resolve(incident: Incident, *, by: Person, at: datetime, archive_at: datetime | None = None) -> Incident:
    """Resolve the incident; a postmortem may follow."""
    return _end(incident, Status.RESOLVED, by=by, at=at, archive_at=archive_at)


def cancel(incident: Incident, *, by: Person, at: datetime, archive_at: datetime | None = None) -> Incident:
    """Cancel the incident: it was a false alarm."""
    return _end(incident, Status.CANCELLED, by=by, at=at, archive_at=archive_at)


def merge(
    incident: Incident, *, into: Incident, by: Person, at: datetime, archive_at: datetime | None = None
) -> Incident:
    """End the incident as a duplicate of *into*, which goes on."""
    relations.require_mergeable(into, incident)
    ended = _end(incident, Status.MERGED, by=by, at=at, archive_at=archive_at)
    return replace(ended, merged_into_id=into.id)


def reopen(incident: Incident, *, by: Person, at: datetime, next_update_at: datetime | None) -> Incident:
    """Reopen an ended incident. *by* is on it, so no one is pinged; the first acknowledgement stays.

    A reopening is no acknowledgement: the incident was not waiting for one. The phase is dropped, because the
    cause or fix that it stood for did not hold.

    Args:
        next_update_at: When a status update is due; None: never.
    """
    if incident.is_open:
        raise InvalidTransition("still_open", incident=incident.label)
    if incident.is_drill:
        raise InvalidTransition("drill_over", incident=incident.label)
    ended_at = None if incident.ended is None else incident.ended.at
    opened = replace(
        incident,
        status=Status.ACKNOWLEDGED,
        reopened=ByPerson(by.id, by.name, at),
        first_ended_at=incident.first_ended_at or ended_at,  # an older version wrote only the latest end
        ended=None,
        merged_into_id=None,
        merged_into_hidden=False,
        thread=replace(incident.thread, archive_at=None),
        phase=None,
        version=incident.version + 1,
    )
    return promised(opened, next_update_at)


def change_severity(incident: Incident, to: NewSeverity, *, change: SeverityChange | None = None) -> Incident:
    """Change the severity; the rules of the new one apply from now on.

    Args:
        to: What the new severity entails.
        change: Who changed it, when and why; None: a triage did, whose path the incident has.
    """
    require_open(incident)
    if to.name == incident.severity:
        raise InvalidTransition("same_severity", incident=incident.label, severity=to.name)
    waiting = incident.status is Status.TRIGGERED
    posting = next_posting(incident) if to.reposts else incident.post.number
    changed = replace(
        incident,
        severity=to.name,
        priority=to.priority,
        ack_due_at=to.ack_due_at if waiting else incident.ack_due_at,
        post=replace(incident.post, number=posting),
        thread=replace(
            incident.thread,
            posting=posting if to.thread_channel else incident.thread.posting,
            channel=to.thread_channel or incident.thread.channel,
        ),
        severity_changed=change,
        version=incident.version + 1,
    )
    owed = None if waiting else to.next_update_at
    return regraded(changed, owed, is_more_severe=to.is_more_severe)


def declare(incident: Incident, *, thread_channel: str | None) -> Incident:
    """Turn a tracked alert into an incident.

    Args:
        thread_channel: The channel in which the policy opens threads of its severity; None: in none.
    """
    require_tracked(incident)
    posting = next_posting(incident)
    return replace(
        incident,
        kind=IncidentKind.INCIDENT,
        post=replace(incident.post, number=posting),
        thread=replace(incident.thread, posting=posting, channel=thread_channel),
        version=incident.version + 1,
    )


def count_occurrence(incident: Incident, *, at: datetime) -> Incident:
    """Count another occurrence of the same alert."""
    return replace(
        incident,
        tracked=replace(incident.tracked, occurrences=incident.tracked.occurrences + 1, last_seen_at=at),
        version=incident.version + 1,
    )


def assign(incident: Incident, role: Role, holder: PersonRef | None) -> Incident:
    """Give *role* to *holder*, or free it (None); return the incident unchanged if nothing changes."""
    require_open(incident)
    if incident.roles.get(role) == holder:
        return incident
    others = {known: who for known, who in incident.roles.items() if known is not role}
    roles = others if holder is None else {**others, role: holder}
    ordered = {known: roles[known] for known in Role if known in roles}
    return replace(incident, roles=ordered, version=incident.version + 1)


def apply_status_update(
    incident: Incident,
    update: StatusUpdate | None,
    *,
    next_update_at: datetime | None,
    phase: Phase | None = None,
    users: UsersAffected | None = None,
) -> Incident:
    """Apply a status update: its words, the phase, the users affected and the time of the next one.

    Args:
        update: Its words; None for only a promise or a phase.
        next_update_at: When the next one is due; None: never.
        phase: The phase that it names; None: it names none, and the phase stays.
        users: Whether users are affected; None: it does not say, and that stays.
    """
    require_open(incident)
    updates = replace(incident.updates, last=update or incident.updates.last)
    updated = replace(
        incident,
        updates=updates,
        phase=phase or incident.phase,
        users_affected=users or incident.users_affected,
        version=incident.version + 1,
    )
    return promised(updated, next_update_at)


def make_private(incident: Incident, *, channel: str) -> Incident:
    """Make the incident private: only named people and the policy's roles see its new post and thread.

    Args:
        channel: The policy's name of the channel for its private thread.

    Raises:
        InvalidTransition: it is private already; or it is a tracked alert, whose message everybody reads.
    """
    if incident.is_private:
        raise InvalidTransition("private_already", incident=incident.label)
    if incident.kind is IncidentKind.ALERT:
        raise InvalidTransition("private_alert", incident=incident.label)
    posting = next_posting(incident)
    return replace(
        incident,
        is_private=True,
        post=replace(incident.post, number=posting),
        thread=replace(incident.thread, posting=posting, channel=channel),
        version=incident.version + 1,
    )


def renewed(incident: Incident) -> Incident:
    """Return the incident as a new version, because something beside it has changed.

    The new version makes its posts show that, and pending acts check access again.
    """
    return replace(incident, version=incident.version + 1)


def _end(
    incident: Incident, status: Status, *, by: Person, at: datetime, archive_at: datetime | None
) -> Incident:
    require_open(incident)
    ended = replace(
        incident,
        status=status,
        ended=ByPerson(by.id, by.name, at),
        first_ended_at=incident.first_ended_at or at,
        thread=replace(incident.thread, archive_at=archive_at),
        version=incident.version + 1,
    )
    return promised(ended, None)
