"""What may happen to an incident, and what it is afterwards. Source: the runbook, エスカレーションパス."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.domain.errors import InvalidTransition
from bot.domain.incident import relations
from bot.domain.incident.incident import (
    EndedAck,
    Holder,
    Incident,
    IncidentKind,
    Role,
    Status,
    StatusUpdate,
    Taken,
)
from bot.domain.incident.posting import next_posting
from bot.domain.incident.update_promise import promised
from bot.domain.people import Person
from bot.domain.severity import NewSeverity


class AckVia(StrEnum):
    """How an acknowledgement reached us."""

    REACTION = "reaction"
    BUTTON = "button"
    RECONCILED = "reconciled"  # a reaction found by reading Discord, its event having been missed
    REOPENED = "reopened"  # whoever opens it again is on it
    EMAIL = "email"  # the link in the email
    ROLE = "role"  # whoever takes a role is on it
    MERGED = "merged"  # whoever is on a duplicate, no less grave, is on it


class AckOutcome(StrEnum):
    """What an acknowledgement changed."""

    FIRST = "first"
    JOINED = "joined"
    ALREADY = "already"  # this person had acknowledged or joined before
    TOO_LATE = "too_late"  # the incident has ended


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What an acknowledge changed; a second one is an outcome, not an error."""

    incident: Incident
    outcome: AckOutcome
    by: Person
    at: datetime


def acknowledge(
    incident: Incident, *, by: Person, at: datetime, already_responding: bool, next_update_at: datetime | None
) -> Acknowledgement:
    """First acknowledgement wins; later ones join as responders.

    Args:
        already_responding: *by* is on the incident's list of responders.
        next_update_at: When a status update is owed if *by* is the first; None: none is owed.

    Source: runbook, エスカレーションパス 1.
    """
    if not incident.is_open:
        return Acknowledgement(incident, AckOutcome.TOO_LATE, by, at)
    if incident.status is Status.TRIGGERED:
        first = replace(_taken(incident, by, at), status=Status.ACKNOWLEDGED, version=incident.version + 1)
        return Acknowledgement(promised(first, next_update_at), AckOutcome.FIRST, by, at)
    outcome = AckOutcome.ALREADY if already_responding else AckOutcome.JOINED
    return Acknowledgement(incident, outcome, by, at)


def _taken(incident: Incident, by: Person, at: datetime) -> Incident:
    """*by* is on it; the first acknowledge stays what it was.

    After a reopening it is the latest one as well: before it, whoever reopened the incident was on it.
    """
    if incident.acknowledged_at is not None or incident.reopened_at is not None:
        incident = replace(incident, taken=Taken(by.id, by.name, at))
    if incident.acknowledged_at is not None:
        return incident
    return replace(incident, acknowledged_at=at, acknowledged_by_id=by.id, acknowledged_by_name=by.name)


def end_ack(incident: Incident, *, at: datetime, lapsed: bool) -> Incident:
    """Nobody is on it any more: it waits again, as before the acknowledge.

    Raises:
        InvalidTransition: nobody is on it, or it has ended.
    """
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


def take_over(incident: Incident, *, by: Holder, at: datetime, next_update_at: datetime | None) -> Incident:
    """*by*, who had joined, is on it now that whoever was has let go."""
    taken = replace(incident, taken=Taken(by.id, by.name, at), version=incident.version + 1)
    return promised(taken, next_update_at)


def resolve(incident: Incident, *, by: Person, at: datetime, archive_at: datetime | None = None) -> Incident:
    """End it; a postmortem may follow.

    Raises:
        InvalidTransition: it has ended before.
    """
    return _end(incident, Status.RESOLVED, by=by, at=at, archive_at=archive_at)


def cancel(incident: Incident, *, by: Person, at: datetime, archive_at: datetime | None = None) -> Incident:
    """It was a false alarm.

    Raises:
        InvalidTransition: it has ended before.
    """
    return _end(incident, Status.CANCELLED, by=by, at=at, archive_at=archive_at)


def merge(
    incident: Incident, *, into: Incident, by: Person, at: datetime, archive_at: datetime | None = None
) -> Incident:
    """It is the same trouble as *into*, which goes on.

    Raises:
        InvalidTransition: it has ended before; or as `relations.require_taker`.
    """
    relations.require_taker(into, incident)
    ended = _end(incident, Status.MERGED, by=by, at=at, archive_at=archive_at)
    return replace(ended, merged_into_id=into.id)


def reopen(incident: Incident, *, by: Person, at: datetime, next_update_at: datetime | None) -> Incident:
    """It is not over. Whoever says so is on it, so nobody is rung again; who acknowledged, and when, stays.

    It is no acknowledge: nobody was waiting for one.

    Args:
        next_update_at: When a status update is owed; None: none is owed.

    Raises:
        InvalidTransition: it has not ended; or it is a drill, which is scored once.
    """
    if incident.is_open:
        raise InvalidTransition("still_open", incident=incident.label)
    if incident.is_drill:
        raise InvalidTransition("drill_over", incident=incident.label)
    opened = replace(
        incident,
        status=Status.ACKNOWLEDGED,
        reopened_at=at,
        reopened_by_id=by.id,
        reopened_by_name=by.name,
        first_ended_at=incident.first_ended_at or incident.ended_at,  # an older version did not write it
        ended_at=None,
        ended_by_id=None,
        ended_by_name=None,
        merged_into_id=None,
        merged_into_hidden=False,
        archive_at=None,
        version=incident.version + 1,
    )
    return promised(opened, next_update_at)


def change_severity(incident: Incident, to: NewSeverity, *, next_update_at: datetime | None) -> Incident:
    """The rules of another severity apply from now on.

    Args:
        to: What the new severity entails.
        next_update_at: When a status update is owed under it; ignored while nobody has acknowledged.

    Raises:
        InvalidTransition: it has ended, or has that severity.
    """
    require_open(incident)
    if to.name == incident.severity:
        raise InvalidTransition("same_severity", incident=incident.label, severity=to.name)
    waiting = incident.status is Status.TRIGGERED
    posting = next_posting(incident) if to.reposts else incident.posting
    changed = replace(
        incident,
        severity=to.name,
        priority=to.priority,
        ack_due_at=to.ack_due_at if waiting else incident.ack_due_at,
        posting=posting,
        thread_posting=posting if to.thread_channel else incident.thread_posting,
        thread_channel=to.thread_channel or incident.thread_channel,
        version=incident.version + 1,
    )
    return promised(changed, None if waiting else next_update_at)


def declare(incident: Incident, *, thread_channel: str | None) -> Incident:
    """A tracked alert is an incident from now on.

    Args:
        thread_channel: Where the policy opens the thread of its severity, None for nowhere.

    Raises:
        InvalidTransition: it has ended, or is one already.
    """
    require_tracked(incident)
    posting = next_posting(incident)
    return replace(
        incident,
        kind=IncidentKind.INCIDENT,
        posting=posting,
        thread_posting=posting,
        thread_channel=thread_channel,
        version=incident.version + 1,
    )


def see_again(incident: Incident, *, at: datetime) -> Incident:
    """The same alert came once more."""
    return replace(
        incident, occurrences=incident.occurrences + 1, last_seen_at=at, version=incident.version + 1
    )


def assign(incident: Incident, role: Role, holder: Holder | None) -> Incident:
    """Give *role* to *holder*, or to nobody; an incident that has that already comes back as it is.

    Raises:
        InvalidTransition: it has ended.
    """
    require_open(incident)
    if incident.roles.get(role) == holder:
        return incident
    others = {known: who for known, who in incident.roles.items() if known is not role}
    roles = others if holder is None else {**others, role: holder}
    ordered = {known: roles[known] for known in Role if known in roles}
    return replace(incident, roles=ordered, version=incident.version + 1)


def tell(incident: Incident, update: StatusUpdate | None, *, next_update_at: datetime | None) -> Incident:
    """A status update (None: only a promise); the next is owed at *next_update_at* (None: none is owed).

    Raises:
        InvalidTransition: it has ended.
    """
    require_open(incident)
    told = replace(incident, last_update=update or incident.last_update, version=incident.version + 1)
    return promised(told, next_update_at)


def make_private(incident: Incident, *, channel: str) -> Incident:
    """From now on only named people and the policy's roles see it; its post and thread are made anew.

    Args:
        channel: The policy's name of where its private thread is made.

    Raises:
        InvalidTransition: it is private already; or it is a message that everybody reads.
    """
    if incident.is_private:
        raise InvalidTransition("private_already", incident=incident.label)
    if incident.kind is IncidentKind.ALERT:
        raise InvalidTransition("private_alert", incident=incident.label)
    posting = next_posting(incident)
    return replace(
        incident,
        is_private=True,
        posting=posting,
        thread_posting=posting,
        thread_channel=channel,
        version=incident.version + 1,
    )


def lose_member(incident: Incident) -> Incident:
    """Somebody sees a private incident no more: who acts on how it was is asked once more who they are."""
    return replace(incident, version=incident.version + 1)


def require_open(incident: Incident) -> None:
    """Let what is done to *incident* pass while it goes on.

    Raises:
        InvalidTransition: it has ended; the key says how.
    """
    if incident.is_open:
        return
    if incident.is_drill:  # it cannot be opened again, so nothing else is of any use here
        raise InvalidTransition("drill_over", incident=incident.label)
    raise InvalidTransition(
        f"already_{incident.status.value}", incident=incident.label, by=incident.ended_by_name
    )


def require_tracked(incident: Incident) -> None:
    """Let what is done to a tracked alert pass.

    Raises:
        InvalidTransition: it has ended, or has become an incident.
    """
    require_open(incident)
    if incident.kind is IncidentKind.INCIDENT:
        raise InvalidTransition("declared_before", incident=incident.label)


def _end(
    incident: Incident, status: Status, *, by: Person, at: datetime, archive_at: datetime | None
) -> Incident:
    require_open(incident)
    ended = replace(
        incident,
        status=status,
        ended_at=at,
        ended_by_id=by.id,
        ended_by_name=by.name,
        first_ended_at=incident.first_ended_at or at,
        archive_at=archive_at,
        version=incident.version + 1,
    )
    return promised(ended, None)
