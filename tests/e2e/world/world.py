"""A whole world for one story: a local Discord, a PostgreSQL database, the real bot, and people."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg

from bot.demo import clock
from bot.demo.triage_walk import ACK_EMOJI, CONFIRM, TriageReport, TriageWalk
from bot.domain.shards import LEASE_S
from local_discord.client import Human, Interaction, Message
from local_discord.server import LocalDiscord
from tests.e2e.world.alert import Alert
from tests.e2e.world.bot import BotProcess, start_program
from tests.e2e.world.database import StoryDatabase
from tests.e2e.world.ledger import WRITTEN, Ledger
from tests.e2e.world.severities import Severity
from tests.patience import PATIENCE_S
from tests.pressing import with_control

#: Whether a bot has a statement or a transaction under way; between two of them it looks idle for a moment.
_UNDER_WAY = """
SELECT EXISTS (
    SELECT FROM pg_stat_activity
     WHERE datname = current_database() AND application_name LIKE 'incident-bot%' AND state <> 'idle'
)
"""
_CALM_LOOKS = 2
_WRITTEN_S = 2.0
_LOOK_EVERY_S = 0.02


class World:
    """Everything that a story needs. Nothing sleeps: each wait is for an event, with a deadline.

    Args:
        env: The bots' settings.
        folder: Where they work.
        module: What they are: ``python -m MODULE run``.
    """

    def __init__(
        self,
        sandbox: LocalDiscord,
        human: Human,
        *,
        env: Mapping[str, str],
        folder: Path,
        module: str = "bot",
    ) -> None:
        self.sandbox = sandbox
        self.human = human
        self.bots: list[BotProcess] = []
        self.ledger = Ledger(human)
        self.settings = dict(env)
        self.connections = StoryDatabase(self.database_url)
        self.folder = folder
        self._module = module
        self._expected_events: set[str] = set()

    @property
    def database_url(self) -> str:
        """The bot's database."""
        return self.settings["DATABASE_URL"]

    @property
    def bot(self) -> BotProcess:
        """The bot that was started last."""
        return self.bots[-1]

    @property
    def running(self) -> list[BotProcess]:
        """The bots that have not ended."""
        return [bot for bot in self.bots if bot.child.is_running]

    # -- the bot
    async def start_bot(self, **env: str) -> None:
        """Start a bot, beside those that run, and wait until it is ready; one of them listens to Discord."""
        if self.bots and not self.running:
            await self._let_leases_pass()
        settings = {**self.settings, **env}
        self.bots.append(await BotProcess.start(settings, folder=self.folder, module=self._module))
        await self.human.wait_for_session()

    async def register_commands(self) -> None:
        """Register the commands of this world's policy, as its operator does."""
        env = {**self.settings, "HEALTH_PORT": "0"}
        child = await start_program("sync-commands", "sync-commands", env=env, folder=self.folder)
        assert await child.wait() == 0, child.last_words()

    async def begin_bot(self, **env: str) -> BotProcess:
        """Start a bot that will not be ready, because a dependency is away."""
        settings = {**self.settings, **env}
        self.bots.append(await BotProcess.begin(settings, folder=self.folder, module=self._module))
        return self.bot

    async def kill_bot(self) -> None:
        """SIGKILL every bot."""
        for bot in self.running:
            await bot.child.kill()

    async def die_and_return(self) -> None:
        """SIGKILL the bots, and start one when the heartbeats of the dead jobs are over."""
        await self.kill_bot()
        await self.shift(minutes=1)
        await self.start_bot()

    async def stop_bot(self) -> None:
        """SIGTERM every bot; each ends with success."""
        for bot in self.running:
            assert await bot.child.stop() == 0, bot.child.last_words()

    async def restart_bot(self) -> None:
        """Kill it and start it again."""
        await self.kill_bot()
        await self.start_bot()

    def expect_log(self, *events: str) -> None:
        """Allow these error lines in this story."""
        self._expected_events |= set(events)

    # -- people
    async def triage(self, severity: Severity, *, title: str, by: str = "responder") -> Alert:
        """Walk the tree to *severity*, confirm, and find everything the runbook promises."""
        walk = TriageWalk(self.human, by, "general")
        report = TriageReport(title, targets=["api.parky.co.jp"], symptoms=["errors"])
        card = await walk.answer(await walk.begin(report), *severity.answers, CONFIRM)
        assert "発報しました" in card.text, card.text
        return await self.expect_alert(severity, title)

    async def declare(self, severity: Severity, *, title: str, by: str = "responder") -> Alert:
        """The short way: ``/sev1 title``."""
        said = await self.command(severity.name.lower(), by=by, title=title)
        assert "発報しました" in said.text, said.text
        return await self.expect_alert(severity, title)

    async def expect_alert(self, severity: Severity, title: str) -> Alert:
        """The alert, its thread with the start time first, and the DMs of *severity*."""
        post = await self.ledger.expect(severity.channel, title)
        assert post.pings_here == severity.rings, post.text
        root = post
        if severity.thread_in != severity.channel:
            root = await self.ledger.expect(severity.thread_in, title)
            assert not root.pings_here, root.text
        thread = root.id  # Discord: a thread has the id of the message that it hangs on
        await self.expect_thread(thread)
        start = await self.ledger.expect(thread, "開始時刻")
        card = await self.ledger.expect(thread, severity.name)
        dms = {who: await self.expect_dm(who, contains=title) for who in severity.pages}
        return Alert(post, root, thread, start, card, dms)

    async def expect_thread(self, message_id: str) -> None:
        """A thread on a message."""
        await self.human.until(lambda: self._thread(message_id), f"the thread on {message_id}")

    async def react(self, target: Alert | Message, emoji: str = ACK_EMOJI, *, by: str) -> None:
        """React to an alert or to any message, once the bot has come to rest."""
        if self.running:
            await self.idle()
        await self.human.react(by, target.post if isinstance(target, Alert) else target, emoji)

    async def click(self, target: Alert | Message, label: str, *, by: str) -> Interaction:
        """Press the button with *label* on it or behind its [その他…], as it is on the message now."""
        message = await self.reread(target.post if isinstance(target, Alert) else target)
        return await self.human.press(by, await with_control(self.human, message, label, by=by), label)

    async def command(
        self, name: str, *, by: str = "responder", channel: str = "general", **options: object
    ) -> Interaction:
        """Run a slash command; its answer."""
        return await self.human.command(by, channel, name, options)

    async def posts(self, channel: str) -> list[Message]:
        """Return people's and bots' messages in a channel or thread, oldest first, no Discord notes."""
        return [found for found in await self.human.messages(channel) if found.raw["type"] in WRITTEN]

    async def channel_id(self, name: str) -> str:
        """The id of a channel."""
        state = await self.human.state()
        return str(next(found["id"] for found in state["channels"] if found["name"] == name))

    async def thread_name(self, thread: str) -> str:
        """Return the present name of a thread."""
        state = await self.human.state()
        return str(next(found["name"] for found in state["threads"] if found["id"] == thread))

    async def reread(self, message: Message) -> Message:
        """Return the present state of a public message."""
        shown = await self.human.messages(message.channel_id)
        return next(found for found in shown if found.id == message.id)

    # -- what is seen
    async def expect_message(
        self,
        channel: str,
        *,
        contains: str = "",
        pings_here: bool | None = None,
        within_s: float = PATIENCE_S,
    ) -> Message:
        """A new message of the bot in *channel*."""
        return await self.ledger.expect(
            channel,
            contains,
            where=lambda found: pings_here is None or found.pings_here == pings_here,
            within_s=within_s,
        )

    async def expect_dm(self, user: str, *, contains: str = "", within_s: float = PATIENCE_S) -> Message:
        """A new direct message to *user*."""
        return await self.ledger.expect(f"dm:{user}", contains, within_s=within_s)

    async def expect_reminder(self, alert: Alert) -> Message:
        """Expect the reminder of a late status update in the thread, and no other ping."""
        return await self.expect_message(alert.thread, contains=f"{alert.label} の状況を知らせてください")

    async def expect_draft(self, thread: str) -> Message:
        """Expect the draft of the postmortem that a resolve attaches to the thread."""
        return await self.expect_message(thread, contains="postmortem の下書き")

    async def expect_text(self, message: Message, contains: str) -> Message:
        """Wait until a message has been edited to contain this text."""

        async def look() -> Message | None:
            shown = await self.reread(message)
            return shown if contains in shown.text else None

        return await self.human.until(look, f"{contains!r} in the edited post")

    async def expect_link(self, message: Message, target: str) -> Message:
        """A message with a button that leads to the channel or message *target*, edited in if need be."""

        async def look() -> Message | None:
            shown = await self.reread(message)
            return shown if any((found.url or "").endswith(target) for found in shown.controls) else None

        return await self.human.until(look, f"a link to {target}")

    async def expect_acknowledged(self, alert: Alert, *, by: str) -> None:
        """Wait until the alert names its responder."""
        await self.expect_text(alert.post, f"@{by} が対応中")

    async def expect_nothing_more(self) -> None:
        """Check, once everything has come to rest, that the bot has posted nothing unexpected."""
        await self.settle()
        surprises = await self.ledger.surprises()
        assert surprises == [], surprises

    async def settle(self) -> None:
        """Wait until the bots have seen every event so far, and the queue has nothing to do."""
        if not self.running:
            return
        await self.human.wait_for_session()
        # Events come in order: what this command's answer follows has been seen.
        said = await self.command("incident list", by="admin")
        assert said.state == "responded", said
        await self.idle()

    async def idle(self) -> None:
        """Wait until the queue has no running or due job, and no bot has anything under way in the database.

        A bot that is stopped in the middle of a transaction is not waited for.
        """
        began, calm = time.monotonic(), 0
        async with self.database() as connection:
            while calm < _CALM_LOOKS:
                is_busy = await clock.is_busy(connection)
                waited_s = time.monotonic() - began
                assert not is_busy or waited_s < PATIENCE_S, "the queue does not come to rest"
                writes = waited_s < _WRITTEN_S and await connection.fetchval(_UNDER_WAY)
                calm = 0 if is_busy or writes else calm + 1
                if calm < _CALM_LOOKS:
                    await asyncio.sleep(_LOOK_EVERY_S)

    # -- powers
    async def fast_forward(self, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Move the time on once everything has come to rest, since a running job would look abandoned."""
        await self.settle()
        await self.shift(minutes=minutes, hours=hours, days=days)

    async def shift(self, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Move the time of the database and of Discord, without waiting for rest."""
        span = timedelta(minutes=minutes, hours=hours, days=days)
        await self.human.advance_clock(span.total_seconds())
        async with self.database() as connection:
            await clock.advance(connection, span)

    async def fault(self, **spec: object) -> None:
        """Inject a fault into Discord; see `Human.fault`."""
        await self.human.fault(**spec)

    def database(self) -> AbstractAsyncContextManager[asyncpg.Connection]:
        """A connection to the bot's database."""
        return self.connections.lent()

    async def rows(self, query: str, *arguments: object) -> list[Any]:
        """Query the bot's database."""
        async with self.database() as connection:
            return list(await connection.fetch(query, *arguments))

    def complaints(self) -> list[str]:
        """Unexpected log lines of all bots, and errors of the local Discord itself."""
        logged = [line for bot in self.bots for line in bot.complaints(self._expected_events)]
        return [*logged, *self.sandbox.core.world.internal_errors]

    async def _let_leases_pass(self) -> None:
        """Let the leases of the dead end at once; that they are waited for is shown where one of two dies."""
        span = timedelta(seconds=LEASE_S)
        async with self.database() as connection:
            await connection.execute("UPDATE shard_leases SET expires_at = expires_at - $1::interval", span)
            await connection.execute("UPDATE instances SET seen_at = seen_at - $1::interval", span)

    async def _thread(self, thread: str) -> bool | None:
        state = await self.human.state()
        return True if any(found["id"] == thread for found in state["threads"]) else None
