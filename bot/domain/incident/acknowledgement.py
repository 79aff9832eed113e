"""The acknowledge of an incident: the first, later ones that join, and its end.

Source: the runbook, エスカレーションパス.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.domain.errors import InvalidTransition
from bot.domain.incident.incident import ByPerson, EndedAck, Incident, PersonRef, Status
from bot.domain.incident.status_updates import promised, taken_on
from bot.domain.people import Person


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
    incident: Incident, *, by: Person, at: datetime, already_responding: bool, next_update_at: datetime | None
) -> Acknowledgement:
    """Acknowledge an incident. The first acknowledgement wins; later ones join as responders.

    Args:
        already_responding: *by* is on the incident's list of responders.
        next_update_at: When a status update is due if *by* is the first and none is promised; None: never.

    Source: runbook, エスカレーションパス 1.
    """
    if not incident.is_open:
        return Acknowledgement(incident, AckOutcome.TOO_LATE, by, at)
    if incident.status is Status.TRIGGERED:
        act = ByPerson(by.id, by.name, at)
        first = replace(incident, taken=act, status=Status.ACKNOWLEDGED, version=incident.version + 1)
        if incident.acknowledged is None:
            # It stays the first one. After a reopening it is also the latest: until then the person who
            # reopened the incident was on it.
            latest = incident.taken if incident.reopened is None else act
            first = replace(first, acknowledged=act, taken=latest)
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
    """Hand the incident to *by*, who had joined, because the person who was on it has let go.

    A promised update stays promised. After a reminder the time starts again: *by* has not been asked yet.
    """
    taken = replace(incident, taken=ByPerson(by.id, by.name, at), version=incident.version + 1)
    return promised(taken, next_update_at) if incident.updates.reminders else taken_on(taken, next_update_at)
