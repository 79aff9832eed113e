"""Rules for handing an incident to another team and for calling a team, with their timeline entries."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.delivery.delivery import Notice
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKindSpec
from bot.domain.errors import InvalidTransition
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, IncidentKind, Status
from bot.domain.incident.posting import next_posting
from bot.domain.oncall.people import OnCallPerson
from bot.domain.payloads import Payload
from bot.domain.timeline.entries import EntryData, EntryKind, TimelineKindSpec


def handed_over(
    incident: Incident, to: str | None, *, name: str, ack_due_at: datetime, at: datetime
) -> Incident:
    """Hand an open incident over to another team, which must acknowledge it under a new post.

    Args:
        to: The team; None: the default one.
        name: What people call it.
        ack_due_at: The deadline for the first acknowledgement under the team's rules.

    Raises:
        InvalidTransition: The incident has ended, or already belongs to that team.
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
    """Give a handed-over incident a thread in *channel* if it should have one and has none.

    An existing thread stays, so that the conversation is not split.
    """
    if incident.kind is IncidentKind.ALERT or incident.is_private or incident.thread.id is not None:
        return incident
    posting = incident.post.number if channel else incident.thread.posting
    return replace(incident, thread=replace(incident.thread, posting=posting, channel=channel))


@dataclass(frozen=True, slots=True)
class TeamCall:
    """A call to a team: its people on call are asked one after another until one joins.

    Attributes:
        team: None: the default team.
        asked: The index of the team's place that was called last.
        due_at: When the next place is called.
        called_ids: The Discord ids of the called people, where known at that time.
        before_ids: Those of the people who were on the incident before.
    """

    id: int
    incident_id: int
    guild_id: int
    team: str | None
    asked: int
    due_at: datetime
    done_at: datetime | None = None
    called_ids: tuple[int, ...] = ()
    before_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TeamOnCall:
    """The people on call for a team.

    Attributes:
        places: In the order in which they are asked.
        holders: By place; a person at two of them is at the first only.
        ids: Their Discord ids by place, as far as Discord tells them.
    """

    places: tuple[str, ...]
    holders: Mapping[str, OnCallPerson]
    ids: Mapping[str, int]

    def next_asked(self, *, after: int, on_it: Collection[int]) -> int | None:
        """Return the index of the next place to call; None after the last one.

        Args:
            after: The index of the place that was called last; -1: none was.
            on_it: The ids of the people who are on the incident, and are not called to it.
        """
        return next(
            (
                index
                for index, place in enumerate(self.places)
                if index > after and place in self.holders and self.ids.get(place) not in on_it
            ),
            None,
        )


class TeamEntry(EntryKind):
    """The timeline entries about teams."""

    HANDED = "team_handed", TimelineKindSpec(hands_over=True)
    CALLED = "team_called"
    UNANSWERED = "team_unanswered"


class HandedEntry(EntryData, kind=TeamEntry.HANDED):
    """The incident was handed over; `before` and `after` are the display names of the teams.

    Attributes:
        begins_ladder: Always True: it tells the core's queries that the ladder starts again here.
    """

    before: str
    after: str
    begins_ladder: bool
    reason: str | None = None


class CalledEntry(EntryData, kind=TeamEntry.CALLED):
    """The person at one of a team's places was asked to join."""

    team: str
    place: str


class UnansweredEntry(EntryData, kind=TeamEntry.UNANSWERED):
    """A call that no one on the team has answered."""

    team: str


class HandedNotice(Notice, name="team_handed"):
    """The line in the thread that names the incident's new team."""

    before: str
    after: str
    reason: str | None = None


class CalledNotice(Notice, name="team_called"):
    """The line in the thread that says who was called, and the deadline for their answer."""

    team: str
    place: str
    due_at: datetime
    again: bool = False


class UnansweredNotice(Notice, name="team_unanswered"):
    """The thread's line about a call that no one on the team has answered."""

    team: str


class TeamDelivery(AnyDeliveryKind):
    """The messages to people of another team."""

    CALL = "team_call", DeliveryKindSpec(is_urgent=True, is_dated=True, is_refreshed=True)
    UNANSWERED = "team_call_unanswered", DeliveryKindSpec(is_dated=True)


class CallData(Payload):
    """The content of these messages: the team, the person who calls it, and the deadline.

    Attributes:
        rings_team: As `Addressing` has it.
        is_last: Nobody else of the team is left to call.
    """

    call: int
    team: str
    by: str
    due_at: datetime
    rings_team: str | None = None
    is_last: bool = False
