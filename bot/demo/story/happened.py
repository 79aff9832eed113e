"""An incident of the demo's past on this local Discord: who did what when, and where its posts are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from bot.demo.story.cast import Cast, Person
from bot.demo.story.past import PastIncident
from bot.domain.calendar.iso_week import IsoWeek
from bot.domain.severity import LadderStep, SeverityPolicy
from bot.runbook import Policy
from local_discord.world.snowflake import snowflake_of

#: How long after the alert each post follows.
ALERT_AFTER: Final = timedelta(milliseconds=600)
ROOT_AFTER: Final = timedelta(milliseconds=900)
_BETWEEN_RESPONDERS: Final = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Place:
    """The local Discord that the past happened in.

    Attributes:
        bot_id: The bot's user.
        channels: Ids of channels by name.
    """

    guild_id: int
    bot_id: int
    channels: Mapping[str, int]
    cast: Cast


@dataclass(frozen=True, slots=True)
class Spot:
    """A message and its channel."""

    channel_id: int
    message_id: int


@dataclass(frozen=True)
class Happened:
    """What week.toml tells of one incident, with moments and people.

    Attributes:
        number: From 1, oldest first.
        at: When the alert was raised.
        now: When the demo was started first.
    """

    number: int
    told: PastIncident
    at: datetime
    severity: SeverityPolicy
    policy: Policy
    place: Place
    now: datetime

    @property
    def key(self) -> str:
        """Return the incident's key: nothing else begins so."""
        return f"demo:{self.number}"

    @property
    def ack_due_at(self) -> datetime:
        """Return the deadline of the acknowledge."""
        return self.policy.ack_due(self.severity, at=self.at)

    @property
    def acknowledged_at(self) -> datetime:
        """Return when the first responder came."""
        return self.at + self.told.acknowledged_after

    @property
    def ended_at(self) -> datetime | None:
        """Return when it was resolved; None: it is still open."""
        return None if self.told.resolved_after is None else self.at + self.told.resolved_after

    @property
    def written_at(self) -> datetime | None:
        """Return when its postmortem was done; None: it was not."""
        told, ended_at = self.told.written_after, self.ended_at
        return None if told is None or ended_at is None else ended_at + told

    @cached_property
    def reporter(self) -> Person:
        """Return who reported it."""
        return self.person(self.told.reported_by)

    @cached_property
    def responders(self) -> list[tuple[Person, datetime]]:
        """Return the responders and when they came, the first one first."""
        names = (self.told.acknowledged_by, *self.told.joined)
        moments = (self.acknowledged_at + turn * _BETWEEN_RESPONDERS for turn in range(len(names)))
        return [(self.person(name), at) for name, at in zip(names, moments, strict=True)]

    @property
    def responder(self) -> Person:
        """Return who acknowledged it."""
        return self.responders[0][0]

    @cached_property
    def notes(self) -> list[tuple[Person, datetime, str]]:
        """Return what people wrote in its thread, and when."""
        told = [(note.written_at(self.at, now=self.now), note) for note in self.told.notes]
        return [(self.place.cast.person(note.by, at=at), at, note.text) for at, note in told]

    def steps(self) -> Iterator[tuple[int, LadderStep, datetime]]:
        """Yield the steps of the ladder that were taken: their number, what they say, and when."""
        for index, step in enumerate(self.severity.ladder):
            due = self.ack_due_at if step.after is None else self.at + step.after
            if due < self.acknowledged_at:
                yield index, step, due

    def called(self, step: LadderStep) -> dict[str, Person]:
        """Return the people of the story whom *step* paged, by their on-call places."""
        cast = self.place.cast
        return {place: cast.person(place, at=self.at) for place in step.dm if place in cast.rotations}

    @property
    def alert(self) -> Spot:
        """Return where its alert is."""
        return self._spot(self.severity.channel, ALERT_AFTER)

    @property
    def root(self) -> Spot | None:
        """Return where the message is that its thread hangs on; None: it has no thread."""
        channel = self.severity.thread_channel
        if channel in (None, self.severity.channel):
            return None if channel is None else self.alert
        return self._spot(channel, ROOT_AFTER)

    @property
    def thread_id(self) -> int | None:
        """Return its thread: a thread has the id of the message that it hangs on."""
        return None if self.root is None else self.root.message_id

    def person(self, name: str) -> Person:
        """Return a person of week.toml."""
        return self.place.cast.person(name, at=self.at)

    def _spot(self, channel: str, after: timedelta) -> Spot:
        return Spot(self.place.channels[channel], int(snowflake_of(self.at + after)))


def what_happened(
    told: tuple[PastIncident, ...], week: IsoWeek, policy: Policy, place: Place, *, now: datetime
) -> list[Happened]:
    """Return the incidents whose severity the policy has, oldest first."""
    known = [one for one in told if one.severity in policy.severities]
    return [
        Happened(
            number=number,
            told=one,
            at=one.triggered_at(week, policy),
            severity=policy.severities[one.severity],
            policy=policy,
            place=place,
            now=now,
        )
        for number, one in enumerate(known, start=1)
    ]
