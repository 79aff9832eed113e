"""Who owes the postmortem of an incident, and by when. Source: the runbook, 復旧後 postmortem 必須."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.domain.calendar.business_time import BusinessHours
from bot.domain.incident.aftermath import Postmortem, PostmortemState
from bot.domain.incident.incident import Incident, IncidentKind, PersonRef, Status
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
        chosen: The owner that was chosen; None: by the rule (`owner_of`).
    """
    if before is not None and before.state is PostmortemState.DONE:
        return before
    is_real = resolved.kind is IncidentKind.INCIDENT and not resolved.is_drill
    if not (terms.is_required and is_real and resolved.status is Status.RESOLVED):
        return not_owed(before)
    by_rule = owner_of(resolved) if before is None else PersonRef(before.owner_id, before.owner_name)
    owner = chosen or by_rule
    today = now.astimezone(terms.hours.timezone).date()
    owed = Postmortem(
        state=PostmortemState.OWED,
        owner_id=owner.id,
        owner_name=owner.name,
        due_on=terms.hours.business_days_after(today, terms.due_days),
        pull_request=None if before is None else before.pull_request,
    )
    return scheduled(owed, terms.hours, now=now)


def owner_of(resolved: Incident) -> PersonRef:
    """Return the commander of an ended incident, else who acknowledged it last, else who ended it.

    A person who acknowledged by email may be unknown to Discord; they are passed over.
    """
    ended = resolved.ended
    last = [] if ended is None else [PersonRef(ended.id, ended.name)]
    asked = [who for who in (resolved.commander, resolved.on_it, *last) if who is not None]
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
