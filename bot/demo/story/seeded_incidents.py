"""The incidents of the demo's past on this local Discord: who did what when, and where their posts are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

import discord

from bot.demo.story.cast import CastMember, DemoGuild, MessageLocation, MonitorWebhook
from bot.demo.story.week_file import PastAlert, PastUpdate, StoryIncident
from bot.demo.vendors import dated, read_monitors
from bot.domain.alerts.alert import AlertMessage
from bot.domain.alerts.reading import read_message
from bot.domain.alerts.recognition import alert_title
from bot.domain.incident.parts import Source, Tracked
from bot.domain.severity import LadderStep, SeverityPolicy
from bot.domain.statistics.period import IsoWeek
from bot.i18n import Texts
from bot.runbook import Policy
from bot.ui.discord_api.messages import Incoming
from bot.ui.words.wording import Wording
from local_discord.client import JSON
from local_discord.world.snowflake import snowflake_of

#: A message comes so long before the bot's post about it.
_BEFORE: Final = timedelta(seconds=1)


@dataclass(frozen=True)
class MonitorAlert:
    """One alert, which a monitor posted once or several times.

    Attributes:
        past: As week.toml has it.
        at: When the bot began to track it.
    """

    past: PastAlert
    webhook: MonitorWebhook
    policy: Policy
    guild_id: int
    at: datetime

    @property
    def moments(self) -> list[datetime]:
        """Return when each message was posted, the first one first."""
        return [self.at - _BEFORE + after for after in self.past.messages]

    @cached_property
    def title(self) -> str:
        """Return the title that the bot gives it."""
        message, alerts = self._message, self.policy.alerts
        reading = read_message(message, alerts.patterns, alerts.names)
        return alert_title(message, reading, alerts.names, alerts.shapes) or message.stand_in

    @cached_property
    def tracked(self) -> Tracked:
        """Return its fingerprint, which a message of the page's button shares, and how often it came."""
        message, alerts = self._message, self.policy.alerts
        reading = read_message(message, alerts.patterns, alerts.names)
        target = message.target(self.policy.targets)
        return Tracked(
            source=Source(message.channel_id, message.id, self.webhook.name),
            fingerprint=reading.fingerprint(message, alerts.fingerprint, target=target),
            occurrences=len(self.moments),
            last_seen_at=self.moments[-1],
        )

    def entries(self) -> Iterator[tuple[datetime, Mapping[str, object]]]:
        """Yield its messages as the local Discord's history takes them, with their moments."""
        for at in self.moments:
            channel = str(self.webhook.channel_id)
            place = {"id": snowflake_of(at), "webhook": self.webhook.name, "channel": channel}
            yield at, {**place, "message": self._body(at)}

    @cached_property
    def _firing(self) -> JSON:
        monitors = {one.key: one for one in read_monitors(self.policy.language)}
        firing: JSON = monitors[self.past.monitor].alerts[self.past.number]["firing"]
        return firing

    def _body(self, at: datetime) -> JSON:
        body = dated(self._firing, int(at.timestamp()))
        return {key: value for key, value in body.items() if key != "username"}

    @cached_property
    def _message(self) -> AlertMessage:
        """Return the first message as the bot reads it."""
        at = self.moments[0]
        author = {"id": str(self.webhook.id), "username": self.webhook.name, "bot": True}
        channel = str(self.webhook.channel_id)
        place = {"id": snowflake_of(at), "channel_id": channel, "timestamp": at.isoformat()}
        payload = {**self._body(at), **place, "author": author, "webhook_id": str(self.webhook.id)}
        client = discord.Client(intents=discord.Intents.default())  # it is never connected
        incoming = Incoming(client, Wording(Texts.load(), self.policy))
        return incoming.read(payload, guild_id=self.guild_id, channel=self.webhook.channel)


#: How long after the alert each post follows.
ALERT_AFTER: Final = timedelta(milliseconds=600)
ROOT_AFTER: Final = timedelta(milliseconds=900)
_BETWEEN_RESPONDERS: Final = timedelta(minutes=3)


@dataclass(frozen=True)
class SeededIncident:
    """One incident of week.toml with the moments and people of this demo.

    Attributes:
        number: From 1, oldest first.
        story: As week.toml has it.
        at: When the alert was raised.
        now: When the demo was started first.
    """

    number: int
    story: StoryIncident
    at: datetime
    severity: SeverityPolicy
    policy: Policy
    guild: DemoGuild
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
        return self.at + self.story.acknowledged_after

    @property
    def ended_at(self) -> datetime | None:
        """Return when it was resolved; None: it is still open."""
        return None if self.story.resolved_after is None else self.at + self.story.resolved_after

    @property
    def written_at(self) -> datetime | None:
        """Return when its postmortem was done; None: it was not."""
        delay, ended_at = self.story.written_after, self.ended_at
        return None if delay is None or ended_at is None else ended_at + delay

    @cached_property
    def monitor_alert(self) -> MonitorAlert | None:
        """Return the alert of a monitor that it began with; None: a person has reported it."""
        alert, guild = self.story.alert, self.guild
        if alert is None or alert.monitor not in guild.webhooks:
            return None
        return MonitorAlert(alert, guild.webhooks[alert.monitor], self.policy, guild.id, self.at)

    @property
    def is_tracked(self) -> bool:
        """Return True for an alert without a declared incident: it has no thread."""
        return self.monitor_alert is not None and self.story.is_false

    @cached_property
    def title(self) -> str:
        """Return its title: of a tracked alert, the one that the bot has read."""
        alert = self.monitor_alert
        return alert.title if alert is not None and self.is_tracked else self.story.title

    @cached_property
    def reporter(self) -> CastMember:
        """Return who reported the incident: a person or a monitor."""
        if (alert := self.monitor_alert) is not None:
            return CastMember(alert.webhook.id, alert.webhook.name, alert.webhook.name)
        return self.person(self.story.reported_by)

    @cached_property
    def updates(self) -> list[tuple[CastMember, datetime, PastUpdate]]:
        """Return the status updates: by whom, when, and what was said."""
        return [(self.person(update.by), self.at + update.after, update) for update in self.story.updates]

    @property
    def reminded_at(self) -> datetime | None:
        """Return when the bot asked for a status update; None: it did not have to."""
        return None if self.story.reminded_after is None else self.at + self.story.reminded_after

    @cached_property
    def responders(self) -> list[tuple[CastMember, datetime]]:
        """Return the responders and when they came, the first one first."""
        names = (self.story.acknowledged_by, *self.story.joined)
        moments = (self.acknowledged_at + turn * _BETWEEN_RESPONDERS for turn in range(len(names)))
        return [(self.person(name), at) for name, at in zip(names, moments, strict=True)]

    @property
    def responder(self) -> CastMember:
        """Return the person who acknowledged the incident first."""
        return self.responders[0][0]

    @cached_property
    def notes(self) -> list[tuple[CastMember, datetime, str]]:
        """Return what people wrote in its thread, and when."""
        notes = [(note.written_at(self.at, now=self.now), note) for note in self.story.notes]
        return [(self.guild.cast.person(note.by, at=at), at, note.text) for at, note in notes]

    def steps(self) -> Iterator[tuple[int, LadderStep, datetime]]:
        """Yield the steps of the ladder that were taken: their number, what they say, and when."""
        for index, step in enumerate(self.severity.ladder):
            due = self.ack_due_at if step.after is None else self.at + step.after
            if due < self.acknowledged_at:
                yield index, step, due

    def called(self, step: LadderStep) -> dict[str, CastMember]:
        """Return the people of the story whom *step* paged, by their on-call places."""
        cast = self.guild.cast
        return {place: cast.person(place, at=self.at) for place in step.dm if place in cast.rotations}

    @property
    def thread_channel(self) -> str | None:
        """Return the name of the channel that its thread hangs in; None: it has none."""
        return None if self.is_tracked else self.severity.thread_channel

    @property
    def alert(self) -> MessageLocation:
        """Return where the incident's alert is: its channel and message."""
        return self._location(self.severity.channel, ALERT_AFTER)

    @property
    def root(self) -> MessageLocation | None:
        """Return where the message is that its thread hangs on; None: it has no thread."""
        channel = self.thread_channel
        if channel in (None, self.severity.channel):
            return None if channel is None else self.alert
        return self._location(channel, ROOT_AFTER)

    @property
    def thread_id(self) -> int | None:
        """Return its thread: a thread has the id of the message that it hangs on."""
        return None if self.root is None else self.root.message_id

    def person(self, name: str) -> CastMember:
        """Return a person of week.toml, as they were when the incident began."""
        return self.guild.cast.person(name, at=self.at)

    def _location(self, channel: str, after: timedelta) -> MessageLocation:
        return MessageLocation(self.guild.channels[channel], int(snowflake_of(self.at + after)))


def seeded_incidents(
    stories: tuple[StoryIncident, ...], week: IsoWeek, policy: Policy, guild: DemoGuild, *, now: datetime
) -> list[SeededIncident]:
    """Return the incidents whose severity the policy has, oldest first."""
    known = [one for one in stories if one.severity in policy.severities]
    return [
        SeededIncident(
            number=number,
            story=one,
            at=one.triggered_at(week, policy),
            severity=policy.severities[one.severity],
            policy=policy,
            guild=guild,
            now=now,
        )
        for number, one in enumerate(known, start=1)
    ]
