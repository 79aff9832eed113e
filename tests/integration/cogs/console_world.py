"""The real client over real sockets against the local Discord, with a real PostgreSQL behind it."""

import asyncio
import copy
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import aiohttp
import discord
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.client import IncidentBot, use_api_base
from bot.domain.errors import UnavailableError
from bot.domain.incident.incident import Incident, NewIncident, Status
from bot.domain.shards import IdentifyBudget, Instance
from bot.i18n import Texts
from bot.process.keeper import ShardKeeper
from bot.services.registry import Guilds
from bot.storage.tables.incidents import IncidentRows
from bot.ui.discord_api.notifier import DiscordNotifier
from local_discord.server import LocalDiscord
from tests.patience import PATIENCE_S
from tests.services.database import Database
from tests.services.desk import PRIMARY, RESPONDER, Desk

Json = dict[str, Any]

TEXTS = Texts.load()

#: The commands as Discord keeps them, once one of this process's worlds has registered them.
_REGISTERED: Json = {}

#: The bot's tasks at the beginning of a session.
_CATCHING_UP = {"reconcile", "missed alerts"}


class ConsoleWorld(Desk):
    """People at the sandbox, the bot at the other end, and a hand that runs the queue.

    Attributes:
        bot: The client that runs now; `restart` makes another one.
    """

    def __init__(self, database: Database, sandbox: LocalDiscord, http: aiohttp.ClientSession) -> None:
        super().__init__(database, guild_id=int(sandbox.address.guild_id))
        self.sandbox = sandbox
        self.bot: IncidentBot
        self._keeper: ShardKeeper
        self._http = http
        self._running: asyncio.Task[None] | None = None
        self._worker: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()  # of the worker, from what it takes to what it puts back
        self._session: asyncio.Event

    # -- the bot
    async def start(self) -> None:
        """Connect, and register the commands unless Discord has them."""
        address = self.sandbox.address
        self.bot = IncidentBot(texts=TEXTS, guilds=self._guilds)
        self._session = asyncio.Event()
        self.bot.add_listener(self._on_session, "on_ready")
        await self.bot.login(address.token)
        me = Instance(uuid4(), "here", "0", shard_count=1)
        self._keeper = ShardKeeper(self.bot, self.database.leases, me, budget=IdentifyBudget(window_s=0.0))
        self._running = asyncio.create_task(self._keeper.run())
        async with asyncio.timeout(PATIENCE_S):
            while self._keeper.trouble():  # noqa: ASYNC110  # it tells when it is asked, and that only
                await asyncio.sleep(0.01)
        guild = discord.Object(self.guild_id)
        self.bot.tree.copy_global_to(guild=guild)
        if not self.sandbox.core.commands:
            await self.bot.tree.sync(guild=guild)
        await self.session_began()
        self._worker = asyncio.create_task(self._keep_working())

    async def stop(self) -> None:
        """Leave, once what the bot answers is whole: without the worker it would wait for posts in vain."""
        assert self._running is not None
        assert self._worker is not None
        await self.answered()
        self._worker.cancel()
        with suppress(asyncio.CancelledError):
            await self._worker
        await self._keeper.stop()
        await self._running
        await self.bot.close()

    async def restart(self) -> None:
        """Forget everything that was in memory; the sandbox and the store stay."""
        await self.stop()
        await self.start()

    async def session_began(self) -> None:
        """Wait until the bot has begun its session: it forgets then what it heard while it connected."""
        async with asyncio.timeout(PATIENCE_S):
            await self._session.wait()

    async def caught_up(self) -> None:
        """Wait until the bot has read what it missed before its session; what it found may be queued."""
        reading = [task for task in asyncio.all_tasks() if task.get_name() in _CATCHING_UP]
        await asyncio.gather(*reading)

    async def _on_session(self) -> None:
        self._session.set()

    async def rest(self) -> None:
        """Wait until the queue has nothing to do."""
        async with self._at_rest():
            pass

    async def answered(self) -> None:
        """Wait until every answer that the bot is giving is whole: one shows what is posted meanwhile."""
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*self.bot._answering, return_exceptions=True)

    async def pass_time(self, **delta: float) -> None:
        """Let time pass at once, when the queue has nothing to do.

        A job that is under way would come back too late: as long after the new time as it asked for.
        """
        async with self._at_rest():
            await self.database.advance(timedelta(**delta))

    @asynccontextmanager
    async def _at_rest(self) -> AsyncIterator[None]:
        """Wait until the queue has nothing to do, and let it begin nothing meanwhile."""
        async with asyncio.timeout(PATIENCE_S):
            await self._turn.acquire()
            while await self.database.has_due_job():
                self._turn.release()
                await asyncio.sleep(0.01)
                await self._turn.acquire()
        try:
            yield
        finally:
            self._turn.release()

    async def _keep_working(self) -> None:
        """Be the queue's worker as long as this bot lives: only success takes a job out of the queue."""
        while True:
            await asyncio.sleep(0.02)
            async with self._turn:
                await self._work_once()

    async def _work_once(self) -> None:
        left = await self.database.take_due_jobs()
        try:
            with suppress(UnavailableError):  # it comes back, and they with it
                while left:
                    await self.run(left[0])
                    left.pop(0)
        finally:
            await self.database.give_back(left)

    def _guilds(self, client: discord.Client) -> Guilds:
        self.use(DiscordNotifier(client, texts=TEXTS, policy=self.policy))
        return self.guilds

    # -- people
    async def human(self, method: str, path: str, **body: Any) -> Any:
        """One request to the sandbox's human side."""
        url = f"{self.sandbox.human}/{path}"
        async with self._http.request(method, url, json=body or None) as response:
            answer = await response.json()
            assert response.status == 200, answer
            return answer

    async def command(
        self, name: str, *, by: str = "responder", where: str = "general", **options: Any
    ) -> Json:
        """A person runs a slash command; what it led to."""
        call = {"user": by, "channel": where, "name": name, "options": options}
        return await self._outcome(await self.human("POST", "command", **call))

    async def context(self, name: str, message: Json, *, by: str = "responder") -> Json:
        """A person uses a command of a message's menu; what it led to."""
        call = {"user": by, "channel": message["channel_id"], "name": name, "message": message["id"]}
        return await self._outcome(await self.human("POST", "context", **call))

    async def send(self, form: Json, *, by: str = "responder", **fields: Any) -> Json:
        """A person sends the modal that the interaction *form* opened."""
        call = {"user": by, "interaction": form["id"], "fields": fields}
        return await self._outcome(await self.human("POST", "modal", **call))

    async def click(
        self, message: Json, custom_id: str, *, by: str = "responder", values: list[str] | None = None
    ) -> Json:
        """A person presses a button, perhaps behind [その他…], or chooses; what it led to.

        Args:
            custom_id: With or without the digest that a button carries at its end.
        """
        posted = self.sandbox.core.world.messages.get(message["channel_id"], {}).get(message["id"])
        there = presses(message) if posted is None else _custom_ids(posted.components)
        others = [one for one in there if one.startswith("inc:v1:others:")]
        if others and not any(f"{one}:".startswith(f"{custom_id}:") for one in there):
            message = shown(await self.click(message, others[0], by=by))
        carried = [one for one in presses(message) if one.startswith(f"{custom_id}:")]
        call: Json = {"user": by, "message": message["id"], "custom_id": (*carried, custom_id)[0]}
        return await self._outcome(
            await self.human("POST", "click", **(call | ({"values": values} if values else {})))
        )

    async def react(self, message: Json, emoji: str, *, by: str) -> None:
        """A person reacts."""
        await self.human("PUT", "reaction", user=by, message=message["id"], emoji=emoji)

    async def acknowledged(self, number: int) -> Incident:
        """Wait until the incident is acknowledged, and return it."""
        async with asyncio.timeout(PATIENCE_S):
            incidents = IncidentRows(self.store.sql)
            while (incident := await incidents.incident(number)).status is Status.TRIGGERED:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            return incident

    async def refused(self) -> None:
        """Wait until a refusal is recorded in the audit log."""
        async with asyncio.timeout(PATIENCE_S):
            while all(row.allowed for row in await self.database.audit_rows()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def deferred(self, *, since: int) -> None:
        """Wait until the bot has begun to answer something after entry *since* of Discord's log."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                log = (await self.human("GET", f"log?since={since}"))["entries"]
                if any(entry.get("path", "").endswith("/callback") for entry in log):
                    return
                await asyncio.sleep(0.01)

    async def logged(self, entries: Sequence[Mapping[str, Any]], event: str) -> None:
        """Wait until the bot has logged *event* among *entries*."""
        async with asyncio.timeout(PATIENCE_S):
            while all(entry["event"] != event for entry in entries):  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def declare(self, *, key: str) -> Incident:
        """Open an incident as responder, through the service instead of Discord."""
        return await self.incidents.open(
            NewIncident(
                guild_id=self.guild_id,
                severity="SEV1",
                title="決済 API が 5xx",
                targets=(),
                symptoms=(),
                started_at=self.clock.time,
                reported_by=RESPONDER,
                path=(),
                key=key,
            )
        )

    async def resolve(self, number: int) -> None:
        """Resolve the incident as primary, through the service instead of Discord."""
        await self.services.lifecycle.resolve(number, by=PRIMARY)

    async def choices(
        self,
        name: str,
        *,
        focused: str,
        typed: str = "",
        filled: Mapping[str, int | str] | None = None,
        by: str = "responder",
    ) -> list[Json]:
        """What autocomplete offers.

        Args:
            filled: Options that are there already.
        """
        call = {
            "user": by,
            "channel": "general",
            "name": name,
            "focused": focused,
            "options": {**(filled or {}), focused: typed},
        }
        answer = await self.human("POST", "autocomplete", **call)
        assert not answer["timeout"]
        return list(answer["choices"])

    async def messages(self, channel: str, *, by: str = "responder") -> list[Json]:
        """What a person sees in a channel, ephemeral messages included."""
        return list(await self.human("GET", f"messages/{channel}?user={by}"))

    async def until(self, channel: str, *, contains: str, by: str = "responder") -> Json:
        """The message with these words, as soon as it is there."""
        call = {
            "for": "message",
            "channel": channel,
            "contains": contains,
            "user": by,
            "timeout_s": PATIENCE_S,
        }
        found = await self.human("POST", "wait", **call)
        assert not found["timeout"], (contains, await self.messages(channel, by=by))
        return dict(found["message"])

    async def _outcome(self, opened: Json) -> Json:
        path = f"interaction/{opened['interaction']}?wait={PATIENCE_S}&until=done"
        outcome = dict(await self.human("GET", path))
        assert outcome["error"] is None, outcome
        return outcome


@asynccontextmanager
async def console_world(database: Database) -> AsyncIterator[ConsoleWorld]:
    """A fresh one, connected; the redirect of discord.py is undone afterwards."""
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    async with LocalDiscord() as sandbox, aiohttp.ClientSession() as http:
        sandbox.core.limiter.enabled = False
        sandbox.core.commands.update(copy.deepcopy(_REGISTERED))
        use_api_base(sandbox.api_base)
        await database.move_to(datetime.now(UTC))
        world = ConsoleWorld(database, sandbox, http)
        await world.start()
        if not _REGISTERED:
            _REGISTERED.update(copy.deepcopy(sandbox.core.commands))
        try:
            yield world
        finally:
            await world.stop()
            Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway
        assert not sandbox.core.world.internal_errors, sandbox.core.world.internal_errors


def words(value: object) -> str:
    """Every string inside a message."""
    if isinstance(value, dict):
        return "\n".join(words(child) for child in value.values())
    if isinstance(value, list):
        return "\n".join(map(words, value))
    return value if isinstance(value, str) else ""


def shown(outcome: Json) -> Json:
    """The last message that an interaction led to."""
    assert outcome["messages"], outcome
    return dict(outcome["messages"][-1])


def presses(message: Json) -> list[str]:
    """The custom ids of a message's buttons and selects."""
    return _custom_ids(message["components"])


def _custom_ids(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [str(value["custom_id"])] if "custom_id" in value else []
        return own + [found for child in value.values() for found in _custom_ids(child)]
    return [found for child in value for found in _custom_ids(child)] if isinstance(value, list) else []


async def alerted(world: ConsoleWorld, *, severity: str = "sev1") -> Json:
    """The alert post of an incident that was declared the short way."""
    await world.command(severity, title="決済 API が 5xx")
    channel = {"sev1": "p0-alerts", "sev2": "p1-ops", "sev3": "p2-deploys"}[severity]
    return await world.until(channel, contains="inc:v1:ack:1")


async def started(world: ConsoleWorld, **fields: Any) -> Json:
    """The card of a triage that has just begun."""
    form = await world.command("triage")
    return shown(await world.send(form, **{"title": "決済 API が 5xx", **fields}))


async def older_button(world: ConsoleWorld, custom_id: str) -> Json:
    """A message with a button as an older version has left it."""
    channel = world.bot.get_partial_messageable(1100000000000000305)
    rows = [{"type": 1, "components": [{"type": 2, "style": 2, "label": "x", "custom_id": custom_id}]}]
    body = {"flags": discord.MessageFlags(components_v2=True).value, "components": rows}
    message: Json = await world.bot.http.request(_post(channel.id), json=body)
    return message


def _post(channel_id: int) -> Route:
    return Route("POST", "/channels/{channel_id}/messages", channel_id=channel_id)
