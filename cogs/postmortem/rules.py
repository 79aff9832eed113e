"""The rules of postmortems: who owes one, by when, and when they are reminded.

Source: the runbook, 復旧後 postmortem 必須.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final

from bot.domain.calendar.business_time import BusinessHours, local_moment
from bot.domain.delivery.delivery import Notice
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKindSpec
from bot.domain.incident.incident import Incident, IncidentKind, PersonRef, Status
from bot.domain.incident.parts import Postmortem, PostmortemReminderStage, PostmortemState
from bot.domain.payloads import Payload
from bot.domain.people import Person
from bot.domain.postmortems import Owing
from bot.domain.timeline.entries import EntryData, EntryKind

#: The names of the values. What each is: README.md.
VALUES: Final = (
    "label",
    "title",
    "headline",
    "is_drill",
    "is_private",
    "severity",
    "priority",
    "state",
    "targets",
    "symptoms",
    "answers",
    "thread",
    "day",
    "timezone",
    "started",
    "triggered",
    "acknowledged",
    "ended",
    "detection",
    "response",
    "roles",
    "resolution",
    "prompts",
    "owners",
    "picture",
    "timeline",
    "notified",
    "notifications",
    "calls",
    "actions",
    "owner",
    "due",
)

#: Characters of a template: more than ten times the one that comes with the bot.
TEMPLATE_LIMIT: Final = 100_000


class Naming(StrEnum):
    """How a postmortem names people."""

    ROLES = "roles"  # by what they did: the commander, the person on call, responder 2
    NAMES = "names"


@dataclass(frozen=True, slots=True)
class TeamTemplate:
    """A team's own template.

    Attributes:
        file: The name that the policy gives it.
        text: jinja2.
    """

    file: str
    text: str


@dataclass(frozen=True, slots=True)
class PostmortemRules:
    """``[postmortem]``: the policy's rules for postmortems.

    Attributes:
        path: Where one goes: a repository path with ``{date}`` and ``{title}``.
        due_days: Business days from the day of the resolve until it is due.
        names: How the document names people.
        file: The file with the team's own template, relative to the policy file; None: the bot's.
        template: What that file holds.
    """

    path: str = "docs/ops/postmortems/{date}-{title}.md"
    due_days: int = 5
    names: Naming = Naming.NAMES
    file: str | None = None
    template: TeamTemplate | None = None


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


def owing_if_resolved(
    incident: Incident, terms: PostmortemTerms, *, by: Person, now: datetime
) -> Owing | None:
    """Return what `owed_at_resolve` would say if *by* resolved the open incident *now* (aware).

    None: no postmortem would be owed, or it was done after an earlier resolve.
    """
    before = incident.aftermath.postmortem
    is_done = before is not None and before.state is PostmortemState.DONE
    if is_done or not has_to_be_written(incident, terms):
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
    if not (has_to_be_written(resolved, terms) and resolved.status is Status.RESOLVED):
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


def has_to_be_written(incident: Incident, terms: PostmortemTerms) -> bool:
    """Return True if the severity requires a postmortem, and it is no drill and no tracked alert."""
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
    """Return the commander of an incident, else who had it when it ended, else *ended_by*.

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


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder of a postmortem, and when it is due (UTC)."""

    stage: PostmortemReminderStage
    at: datetime


def reminders_of(owed: Postmortem, hours: BusinessHours) -> Iterator[Reminder]:
    """Yield all reminders of a postmortem, in order."""
    before = hours.business_day_before(owed.due_on)
    after = hours.business_days_after(owed.due_on, 1)
    days = (before, after, hours.business_days_after(after, 1))
    for stage, day in zip(PostmortemReminderStage, days, strict=True):
        yield Reminder(stage, local_moment(day, hours.starts, timezone=hours.timezone).astimezone(UTC))


def left(owed: Postmortem, hours: BusinessHours) -> list[Reminder]:
    """Return the reminders that come after the last one that was sent."""
    stages = list(PostmortemReminderStage)
    sent = -1 if owed.reminded is None else stages.index(owed.reminded)
    return [one for one in reminders_of(owed, hours) if stages.index(one.stage) > sent]


def following(owed: Postmortem, hours: BusinessHours, *, now: datetime) -> Reminder | None:
    """Return the first reminder that is due after *now*; None if none is left."""
    return next((one for one in left(owed, hours) if one.at > now), None)


def due(owed: Postmortem, hours: BusinessHours, *, now: datetime) -> Reminder | None:
    """Return the reminder to send at *now*, the latest if several are late; None if none is due."""
    late = [one for one in left(owed, hours) if one.at <= now]
    return late[-1] if late else None


class PostmortemDelivery(AnyDeliveryKind):
    """The kinds of delivery about a postmortem."""

    #: A DM to the person who owes it.
    DM = "postmortem_dm", DeliveryKindSpec(is_dated=True, is_refreshed=True)
    #: The file with its draft, in the thread.
    FILE = "postmortem_file"


class Occasion(StrEnum):
    """Why the owner of a postmortem gets a DM that is no reminder."""

    GIVEN = "given"  # another person has handed it over to them
    RESOLVED = "resolved"  # the incident was resolved, and they own its postmortem by the policy
    REDATED = "redated"  # another person has moved its date


class PostmortemDm(Payload):
    """A DM to the owner of a postmortem.

    Attributes:
        owner_id, owner: Its reader.
        stage: Which reminder it is; None: it is none, and `occasion` says what it is.
        by: The name of the person who gave it to them, or moved its date.
    """

    owner_id: int
    owner: str
    due_on: date
    stage: PostmortemReminderStage | None = None
    by: str | None = None
    occasion: Occasion = Occasion.GIVEN


class PostmortemEntry(EntryKind):
    """The kinds of timeline entries about an incident's postmortem."""

    OWNER = "postmortem_owner"  # it was handed over
    REMINDED = "postmortem_reminded"
    DONE = "postmortem_done"
    OWED = "postmortem_owed"  # again: it was taken for done


class PostmortemOwnerEntry(EntryData, kind=PostmortemEntry.OWNER):
    """The postmortem was handed over, or its date moved.

    Attributes:
        owner, former: The new owner, and the one before; the same person if only the date moved.
        due_before: The former date, if it moved.
    """

    owner: PersonRef
    former: PersonRef
    due_on: date | None = None
    due_before: date | None = None


class PostmortemDoneEntry(EntryData, kind=PostmortemEntry.DONE):
    """The postmortem is done.

    Attributes:
        merged: The address of the pull request whose merge ended it; None: a person said so.
    """

    merged: str | None = None


class PostmortemOwedEntry(EntryData, kind=PostmortemEntry.OWED):
    """A person has undone that the postmortem is done."""

    due_on: date | None = None


class PostmortemRemindedEntry(EntryData, kind=PostmortemEntry.REMINDED):
    """Its owner was reminded.

    Attributes:
        stage: Which reminder it was.
        owner: Its owner then, by name.
        is_away: The owner has left the server or may not see the incident, so others were asked.
    """

    stage: PostmortemReminderStage | None = None
    owner: str
    is_away: bool = False


class PostmortemDoneNotice(Notice, name="postmortem_done"):
    """The postmortem is done.

    Attributes:
        merged: The address of the pull request whose merge ended it.
    """

    merged: str | None = None


class PostmortemOwedNotice(Notice, name="postmortem_owed"):
    """A person has undone that the postmortem is done."""

    owner: PersonRef
    due_on: date


class PostmortemOwnerNotice(Notice, name="postmortem_owner"):
    """The postmortem was handed over, or its date moved.

    Attributes:
        owner, former: The same person if only the date moved.
        due_before: The former date, if it moved.
    """

    owner: PersonRef
    former: PersonRef
    due_on: date
    due_before: date | None = None


class PostmortemOccasion(StrEnum):
    """Why the thread is asked for a postmortem."""

    OVERDUE = "overdue"  # the last reminder
    UNDELIVERED = "undelivered"  # the owner's DM was refused
    GONE = "gone"  # the owner has left the server
    HIDDEN = "hidden"  # the owner may not see the private incident any more


class PostmortemDueNotice(Notice, name="postmortem_due"):
    """The reminder of a postmortem in the thread.

    Attributes:
        owner: The owner, who is mentioned unless `why` says that they are away.
        lead: Who is asked instead of an owner who is away: they led the incident; None: they are away, too.
        asks: The on-call place whose person is mentioned when it is sent, if there is no lead either.
    """

    why: PostmortemOccasion
    owner: PersonRef
    due_on: date
    lead: PersonRef | None = None
    asks: str | None = None
