"""An incident of the demo's past on this local Discord: who did what when, and where its posts are."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from bot.demo.story.cast import CastMember
from bot.demo.story.monitored import Monitored
from bot.demo.story.past import PastUpdate, StoryIncident
from bot.demo.story.place import Place, Spot
from bot.domain.calendar.iso_week import IsoWeek
from bot.domain.severity import LadderStep, SeverityPolicy
from bot.runbook import Policy
from local_discord.world.snowflake import snowflake_of

#: How long after the alert each post follows.
ALERT_AFTER: Final = timedelta(milliseconds=600)
ROOT_AFTER: Final = timedelta(milliseconds=900)
_BETWEEN_RESPONDERS: Final = timedelta(minutes=3)


@dataclass(frozen=True)
class Happened:
    """What week.toml tells of one incident, with moments and people.

    Attributes:
        number: From 1, oldest first.
        at: When the alert was raised.
        now: When the demo was started first.
    """

    number: int
    told: StoryIncident
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
        """Return when the first responder acknowledged the incident."""
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
    def monitored(self) -> Monitored | None:
        """Return the alert of a monitor that it began with; None: a person has reported it."""
        told, place = self.told.alert, self.place
        if told is None or told.monitor not in place.hooks:
            return None
        return Monitored(told, place.hooks[told.monitor], self.policy, place.guild_id, self.at)

    @property
    def is_tracked(self) -> bool:
        """Return True for an alert without a declared incident: it has no thread."""
        return self.monitored is not None and self.told.is_false

    @cached_property
    def title(self) -> str:
        """Return its title: of a tracked alert, the one that the bot has read."""
        alert = self.monitored
        return alert.title if alert is not None and self.is_tracked else self.told.title

    @cached_property
    def reporter(self) -> CastMember:
        """Return who reported the incident: a person or a monitor."""
        if (alert := self.monitored) is not None:
            return CastMember(alert.hook.id, alert.hook.name, alert.hook.name)
        return self.person(self.told.reported_by)

    @cached_property
    def updates(self) -> list[tuple[CastMember, datetime, PastUpdate]]:
        """Return the status updates: by whom, when, and what was said."""
        return [(self.person(told.by), self.at + told.after, told) for told in self.told.updates]

    @property
    def reminded_at(self) -> datetime | None:
        """Return when the bot asked for a status update; None: it did not have to."""
        return None if self.told.reminded_after is None else self.at + self.told.reminded_after

    @cached_property
    def responders(self) -> list[tuple[CastMember, datetime]]:
        """Return the responders and when they came, the first one first."""
        names = (self.told.acknowledged_by, *self.told.joined)
        moments = (self.acknowledged_at + turn * _BETWEEN_RESPONDERS for turn in range(len(names)))
        return [(self.person(name), at) for name, at in zip(names, moments, strict=True)]

    @property
    def responder(self) -> CastMember:
        """Return the person who acknowledged the incident first."""
        return self.responders[0][0]

    @cached_property
    def notes(self) -> list[tuple[CastMember, datetime, str]]:
        """Return what people wrote in its thread, and when."""
        told = [(note.written_at(self.at, now=self.now), note) for note in self.told.notes]
        return [(self.place.cast.person(note.by, at=at), at, note.text) for at, note in told]

    def steps(self) -> Iterator[tuple[int, LadderStep, datetime]]:
        """Yield the steps of the ladder that were taken: their number, what they say, and when."""
        for index, step in enumerate(self.severity.ladder):
            due = self.ack_due_at if step.after is None else self.at + step.after
            if due < self.acknowledged_at:
                yield index, step, due

    def called(self, step: LadderStep) -> dict[str, CastMember]:
        """Return the people of the story whom *step* paged, by their on-call places."""
        cast = self.place.cast
        return {place: cast.person(place, at=self.at) for place in step.dm if place in cast.rotations}

    @property
    def thread_channel(self) -> str | None:
        """Return the name of the channel that its thread hangs in; None: it has none."""
        return None if self.is_tracked else self.severity.thread_channel

    @property
    def alert(self) -> Spot:
        """Return the place of the incident's alert: its channel and message."""
        return self._spot(self.severity.channel, ALERT_AFTER)

    @property
    def root(self) -> Spot | None:
        """Return where the message is that its thread hangs on; None: it has no thread."""
        channel = self.thread_channel
        if channel in (None, self.severity.channel):
            return None if channel is None else self.alert
        return self._spot(channel, ROOT_AFTER)

    @property
    def thread_id(self) -> int | None:
        """Return its thread: a thread has the id of the message that it hangs on."""
        return None if self.root is None else self.root.message_id

    def person(self, name: str) -> CastMember:
        """Return a person of week.toml, as they were when the incident began."""
        return self.place.cast.person(name, at=self.at)

    def _spot(self, channel: str, after: timedelta) -> Spot:
        return Spot(self.place.channels[channel], int(snowflake_of(self.at + after)))


def what_happened(
    told: tuple[StoryIncident, ...], week: IsoWeek, policy: Policy, place: Place, *, now: datetime
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
