"""When an incident may change hands between teams, who is called next, and what is recorded of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.delivery.delivery import Notice
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKindSpec
from bot.domain.errors import InvalidTransition
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, IncidentKind, Status
from bot.domain.incident.posting import next_posting
from bot.domain.payloads import Payload
from bot.domain.timeline.entries import EntryData, EntryKind, TimelineKindSpec


def handed_over(
    incident: Incident, to: str | None, *, name: str, ack_due_at: datetime, at: datetime
) -> Incident:
    """Give an open incident to another team: it waits for that team's answer, under a post of its own.

    Args:
        to: The team; None: the default one.
        name: What people call it.
        ack_due_at: The deadline for the first acknowledgement under the team's rules.

    Raises:
        InvalidTransition: it has ended, or is that team's.
    """
    transitions.require_open(incident)
    if incident.team == to:
        raise InvalidTransition("team_same", incident=incident.label, team=name)
    waiting = incident
    if incident.status is Status.ACKNOWLEDGED:
        waiting = transitions.end_ack(incident, at=at, lapsed=False)
    return replace(
        waiting,
        team=to,
        ack_due_at=ack_due_at,
        post=replace(incident.post, number=next_posting(incident)),
        unreached=(),
        version=incident.version + 1,
    )


def with_thread(incident: Incident, channel: str | None) -> Incident:
    """Return a handed over incident with a thread in *channel*, if it has none although it should.

    A conversation is not split: a thread that is there stays.
    """
    if incident.kind is IncidentKind.ALERT or incident.is_private or incident.thread.id is not None:
        return incident
    posting = incident.post.number if channel else incident.thread.posting
    return replace(incident, thread=replace(incident.thread, posting=posting, channel=channel))


@dataclass(frozen=True, slots=True)
class TeamCall:
    """A call for a team's person on call, until one of them has joined.

    Attributes:
        team: None: the default team.
        asked: Which of the team's places was called last, from 0.
        due_at: When the next place is called.
        called_ids: The people who were called, as far as Discord knew them then.
    """

    id: int
    incident_id: int
    guild_id: int
    team: str | None
    asked: int
    due_at: datetime
    done_at: datetime | None = None
    called_ids: tuple[int, ...] = ()


def next_asked(call: TeamCall, places: Sequence[str]) -> int | None:
    """Return which place is called after the last one; None if nobody is left."""
    return call.asked + 1 if call.asked + 1 < len(places) else None


class TeamEntry(EntryKind):
    """What the timeline has of it."""

    HANDED = "team_handed", TimelineKindSpec(hands_over=True)
    CALLED = "team_called"
    UNANSWERED = "team_unanswered"


class HandedEntry(EntryData, kind=TeamEntry.HANDED):
    """Another team has it: `before` and `after` are what people call the teams.

    Attributes:
        begins_ladder: True; the core's queries find by it that everyone is asked anew.
    """

    before: str
    after: str
    begins_ladder: bool
    reason: str | None = None


class CalledEntry(EntryData, kind=TeamEntry.CALLED):
    """A team's place was called, to join."""

    team: str
    place: str


class UnansweredEntry(EntryData, kind=TeamEntry.UNANSWERED):
    """Nobody of a team has joined."""

    team: str


class HandedNotice(Notice, name="team_handed"):
    """The line in the thread that says whose it is now."""

    before: str
    after: str
    reason: str | None = None


class CalledNotice(Notice, name="team_called"):
    """The line in the thread that says who was called, and by when they answer."""

    team: str
    place: str
    due_at: datetime
    again: bool = False


class UnansweredNotice(Notice, name="team_unanswered"):
    """The line in the thread that says that nobody of the team has joined."""

    team: str


class TeamDelivery(AnyDeliveryKind):
    """The messages to people of another team."""

    CALL = "team_call", DeliveryKindSpec(is_urgent=True, is_dated=True)
    UNANSWERED = "team_call_unanswered", DeliveryKindSpec(is_dated=True)


class CallData(Payload):
    """What those messages say: which team is asked, by whom, until when."""

    call: int
    team: str
    by: str
    due_at: datetime
