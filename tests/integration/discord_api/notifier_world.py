"""The notifier over a real discord.py client and real sockets, against the local Discord."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import discord
import pytest
from discord.http import Route

from bot.domain.delivery.delivery import Delivery, Posted
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.incident.incident import Incident
from bot.domain.triage.session import Triage
from bot.i18n import Texts
from bot.runbook import load_policy
from bot.runbook.model import Policy
from bot.ui.discord_api.client import answer_trace
from bot.ui.discord_api.gate import Gate
from bot.ui.discord_api.notifier import DiscordNotifier
from cogs.digest.rules import Digest
from local_discord.messages.posting import system_message
from local_discord.server import LocalDiscord
from local_discord.world.kinds import MessageType
from local_discord.world.message import Message
from local_discord.world.payloads import user_payload
from local_discord.world.world import Channel
from tests.unit.ui.samples import TRIGGERED, delivery

TEXTS = Texts.load()
POLICY = load_policy(None)
ALERTS, OPS = 1100000000000000301, 1100000000000000302
PRIMARY, SECONDARY, RESPONDER, OBSERVER, ADMIN = range(1100000000000000101, 1100000000000000106)
GUILD = 1100000000000000001
INCIDENT = replace(TRIGGERED, guild_id=GUILD)


class NotifierWorld:
    """The notifier under test, and what Discord has of it."""

    def __init__(self, sandbox: LocalDiscord, client: discord.Client) -> None:
        self.sandbox = sandbox
        self.client = client
        self.world = sandbox.core.world
        self.notifier = self.make()

    def make(
        self, *, deadline_s: float = 5.0, policy: Policy = POLICY, gate: Gate | None = None
    ) -> DiscordNotifier:
        """A notifier with another deadline or policy."""
        return DiscordNotifier(self.client, texts=TEXTS, policy=policy, deadline_s=deadline_s, gate=gate)

    async def deliver(
        self, owed: Delivery, subject: Incident | Digest | Triage | None = INCIDENT, *, nonce: str = "n1"
    ) -> Posted:
        """Compose and send."""
        return await self.notifier.send(await self.notifier.compose(owed, subject), nonce=nonce)

    async def alert(self) -> tuple[Incident, Posted]:
        """Post the alert; the incident that knows where it is."""
        posted = await self.deliver(owed(DeliveryKind.ALERT, to="channel:p0-alerts"))
        placed = replace(
            INCIDENT,
            post=replace(INCIDENT.post, channel_id=posted.channel_id, message_id=posted.message_id),
            version=2,
        )
        return placed, posted

    async def threaded(self) -> tuple[Incident, Posted]:
        """Post the alert and open its thread."""
        placed, alert = await self.alert()
        asked = owed(DeliveryKind.THREAD, after=(alert.channel_id, alert.message_id))
        thread = await self.deliver(asked, placed)
        return replace(placed, thread=replace(placed.thread, id=thread.message_id), version=3), alert

    def messages(self, channel_id: int) -> list[Message]:
        """Return the messages in a channel, oldest first."""
        return list(self.world.messages[str(channel_id)].values())

    def message(self, posted: Posted) -> Message:
        """What was posted, as it is now."""
        return self.world.messages[str(posted.channel_id)][str(posted.message_id)]

    def channel(self, channel_id: int | None) -> Channel:
        """A channel or thread."""
        return self.world.channels[str(channel_id)]

    def say(self, channel_id: int, content: str) -> Message:
        """Write a message as primary."""
        author = user_payload(self.world.users[str(PRIMARY)])
        channel = self.channel(channel_id)
        return system_message(self.sandbox.core, channel, author, MessageType.DEFAULT, content=content)

    def break_down(self, fault: Mapping[str, object], *, route: str = "POST /channels/*/messages") -> None:
        """Let requests fail once, or as often as *fault* says: see the sandbox's faults."""
        self.sandbox.core.faults.add({"route": route, **fault})

    def requests(self, method: str) -> list[str]:
        """The paths that were asked for with *method*."""
        log = self.sandbox.core.log.since(0)
        return [entry["path"] for entry in log if entry["kind"] == "rest" and entry["method"] == method]


@asynccontextmanager
async def running_world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NotifierWorld]:
    """A fresh sandbox, and a client that has logged in without a gateway."""
    async with LocalDiscord() as sandbox:
        sandbox.core.limiter.enabled = False
        monkeypatch.setattr(Route, "BASE", sandbox.api_base)
        client = discord.Client(intents=discord.Intents.none(), http_trace=answer_trace())
        async with client:
            await client.login(sandbox.address.token)
            yield NotifierWorld(sandbox, client)
        assert not sandbox.core.world.internal_errors


def owed(
    kind: AnyDeliveryKind,
    *,
    to: str = "incident",
    data: Mapping[str, object] | None = None,
    after: tuple[int, int] | None = None,
) -> Delivery:
    """A delivery in the sandbox's guild, with where the one it waited for is."""
    channel_id, message_id = after or (None, None)
    return replace(
        delivery(kind, to=to, data=data),
        guild_id=GUILD,
        created_at=datetime.now(UTC),
        after_channel_id=channel_id,
        after_message_id=message_id,
    )


def sent(kind: AnyDeliveryKind, posted: Posted, *, data: Mapping[str, object] | None = None) -> Delivery:
    """A delivery that is there."""
    return replace(owed(kind, data=data), channel_id=posted.channel_id, message_id=posted.message_id)
