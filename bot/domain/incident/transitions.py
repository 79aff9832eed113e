"""The transitions of an incident besides its acknowledge (see `acknowledgement`).

Each raises InvalidTransition if the incident's state does not allow it, most of them if it has ended.
"""

from dataclasses import replace
from datetime import datetime

from bot.domain.errors import InvalidTransition
from bot.domain.incident import relations
from bot.domain.incident.incident import (
    ByPerson,
    Incident,
    IncidentKind,
    PersonRef,
    Phase,
    Role,
    Status,
    StatusUpdate,
    UsersAffected,
)
from bot.domain.incident.posting import next_posting
from bot.domain.incident.requirements import require_open, require_tracked
from bot.domain.incident.status_updates import promised, regraded
from bot.domain.people import Person
from bot.domain.severity import NewSeverity, SeverityChange


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
