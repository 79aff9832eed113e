"""Who owes the postmortem of an incident, and by when. Source: the runbook, 復旧後 postmortem 必須."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

from bot.domain.calendar.business_time import BusinessHours
from bot.domain.incident.aftermath import Postmortem, PostmortemState
from bot.domain.incident.incident import Incident, IncidentKind, PersonRef, Status
from bot.domain.people import Person
from bot.domain.postmortem.reminders import following


@dataclass(frozen=True, slots=True)
class OwedPostmortem:
    """A postmortem that is owed, with its incident as it is now."""

    incident: Incident
    postmortem: Postmortem

    def is_overdue(self, today: date) -> bool:
        """Return True if the postmortem's date is before *today*, a date in the team's time zone."""
        return self.postmortem.due_on < today


@dataclass(frozen=True, slots=True)
class PostmortemTerms:
    """What the policy says of a postmortem.

    Attributes:
        is_required: The severity requires one.
        due_days: Business days from the day of the resolve to the date.
    """

    is_required: bool
    due_days: int
    hours: BusinessHours


class Owing(NamedTuple):
    """Who has to write a postmortem, and by which date in the team's time zone."""

    owner: PersonRef
    due_on: date


def owing_if_resolved(
    incident: Incident, terms: PostmortemTerms, *, by: Person, now: datetime
) -> Owing | None:
    """Return what `owed_at_resolve` would say if *by* resolved the open incident *now* (aware).

    None: no postmortem would be owed, or it was done after an earlier resolve.
    """
    before = incident.aftermath.postmortem
    is_done = before is not None and before.state is PostmortemState.DONE
    if is_done or not _has_to_be_written(incident, terms):
        return None
    return _owing(incident, before, terms, now=now, ended_by=PersonRef(by.id, by.name))


def owed_at_resolve(
    resolved: Incident,
    before: Postmortem | None,
    terms: PostmortemTerms,
    *,
    now: datetime,
    chosen: PersonRef | None = None,
) -> Postmortem | None:
    """Return the postmortem that an incident owes when it is resolved; None if it has never owed one.

    Drills and tracked alerts owe none. A postmortem that was done stays done when the incident is resolved
    again. Its owner stays the same, since they may have begun to write.

    Args:
        before: The postmortem from an earlier resolve.
        now: Aware.
        chosen: The owner that was chosen; None: by the rule (`owner_by_rule`).
    """
    if before is not None and before.state is PostmortemState.DONE:
        return before
    if not (_has_to_be_written(resolved, terms) and resolved.status is Status.RESOLVED):
        return not_owed(before)
    ended = resolved.ended
    ended_by = None if ended is None else PersonRef(ended.id, ended.name)
    owing = _owing(resolved, before, terms, now=now, ended_by=ended_by)
    owner = chosen or owing.owner
    owed = Postmortem(
        state=PostmortemState.OWED,
        owner_id=owner.id,
        owner_name=owner.name,
        due_on=owing.due_on,
        pull_request=None if before is None else before.pull_request,
    )
    return scheduled(owed, terms.hours, now=now)


def _has_to_be_written(incident: Incident, terms: PostmortemTerms) -> bool:
    return terms.is_required and incident.kind is IncidentKind.INCIDENT and not incident.is_drill


def _owing(
    incident: Incident,
    before: Postmortem | None,
    terms: PostmortemTerms,
    *,
    now: datetime,
    ended_by: PersonRef | None,
) -> Owing:
    """Return the owner, who stays the same over several resolves, and the date counted from *now*."""
    owner = (
        owner_by_rule(incident, ended_by=ended_by)
        if before is None
        else PersonRef(before.owner_id, before.owner_name)
    )
    today = now.astimezone(terms.hours.timezone).date()
    return Owing(owner, terms.hours.business_days_after(today, terms.due_days))


def owner_by_rule(incident: Incident, *, ended_by: PersonRef | None) -> PersonRef:
    """Return the commander of an incident, else who acknowledged it last, else *ended_by*.

    A person who acknowledged by email may be unknown to Discord; they are passed over.
    """
    asked = [who for who in (incident.commander, incident.on_it, ended_by) if who is not None]
    return next((who for who in asked if who.id > 0), asked[-1])


def not_owed(before: Postmortem | None) -> Postmortem | None:
    """Release the postmortem of an incident that is reopened, or that ends without a resolve.

    One that was done stays done.
    """
    if before is None or not before.is_owed:
        return before
    return replace(before, state=PostmortemState.NOT_OWED, remind_at=None)


def done(owed: Postmortem, *, by_id: int | None, by_name: str, at: datetime) -> Postmortem:
    """Return the postmortem as done; reminders end."""
    return replace(
        owed,
        state=PostmortemState.DONE,
        remind_at=None,
        done_at=at,
        done_by_id=by_id,
        done_by_name=by_name,
    )


def owed_again(finished: Postmortem, hours: BusinessHours, *, now: datetime) -> Postmortem:
    """Undo that a postmortem is done, and schedule the reminders that were not sent yet."""
    owed = replace(finished, state=PostmortemState.OWED, done_at=None, done_by_id=None, done_by_name=None)
    return scheduled(owed, hours, now=now)


def redated(owed: Postmortem, due_on: date, hours: BusinessHours, *, now: datetime) -> Postmortem:
    """Return the postmortem with another date, whose reminders begin anew."""
    return scheduled(replace(owed, due_on=due_on, reminded=None), hours, now=now)


def scheduled(owed: Postmortem, hours: BusinessHours, *, now: datetime) -> Postmortem:
    """Return the postmortem with the time of its next reminder after *now* (aware), if there is one."""
    found = following(owed, hours, now=now)
    return replace(owed, remind_at=None if found is None else found.at)
