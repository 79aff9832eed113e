"""The alerts of monitors in the demo's past: what a monitor posted, and what the bot read in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

import discord

from bot.demo.story.guild import MonitorWebhook
from bot.demo.story.week_file import PastAlert
from bot.demo.vendors import dated, read_monitors
from bot.domain.alerts.alert import AlertMessage
from bot.domain.alerts.reading import read_message
from bot.domain.alerts.recognition import alert_title
from bot.domain.incident.parts import Source, Tracked
from bot.i18n import Texts
from bot.runbook import Policy
from bot.ui.discord_api.reading.incoming import Incoming
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
