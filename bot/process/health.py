"""The health and metrics of the running bot, and the HTTP server that shows them.

Only a bot that has a port imports this module, and what it is made of.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.capability import ProcessCounter
from bot.client import IncidentBot
from bot.domain.errors import ConfigError, StorageUnavailable
from bot.i18n import Texts
from bot.integrations.http_server import bounded
from bot.process.ack_site import AckSite, GuildAckLinks
from bot.process.keeper import DeafWatch, ShardKeeper
from bot.process.metrics import (
    GuildWeek,
    IncidentCounts,
    Outage,
    ShardSession,
    counters_exposition,
    exposition,
)
from bot.runbook import Served
from bot.services.outage.emergency import Emergency, trouble_of
from bot.services.watchdogs import broken_promise
from bot.settings import Settings
from bot.storage.queue.runner import JobRunner
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.statistics import Figures
from bot.ui.ack_page import AckPage
from bot.ui.discord_api.circuit import Circuit
from bot.wiring import UseCases

log = structlog.get_logger(__name__)

#: Looks at one part; None when it is well, else one line about what is wrong.
Part = Callable[[], Awaitable[str | None]]

_OK: Final = "ok"
_LARGEST_BODY: Final = 1024  # bytes; nothing here asks for one

#: How long a connection may take to send the head of a request, and then its body, seconds.
PATIENCE_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Health:
    """The parts that make the bot ready, and its figures.

    Attributes:
        parts: By name; each answers within a few seconds.
        figures: The body of /metrics, given what each part answered.
    """

    parts: Mapping[str, Part]
    figures: Callable[[Mapping[str, str]], Awaitable[bytes]]

    async def states(self) -> dict[str, str]:
        """Return each part with "ok" or what is wrong with it."""
        return {name: await look() or _OK for name, look in self.parts.items()}


def is_ready(states: Mapping[str, str]) -> bool:
    """Return True if every part of the process reports that it is well."""
    return all(state == _OK for state in states.values())


@asynccontextmanager
async def serve_health(
    health: Health, *, host: str, port: int, beside: Iterable[web.RouteDef] = ()
) -> AsyncIterator[int]:
    """Serve /healthz, /readyz and /metrics during the block.

    Args:
        beside: Further routes.
        port: 0 takes a free one.

    Returns:
        The port.

    Raises:
        ConfigError: it cannot listen there.
    """
    application = _application(health, beside)
    # aiohttp counts its keep-alive from the beginning of a connection, so it bounds the first head as well.
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5, keepalive_timeout=PATIENCE_S)
    await runner.setup()
    assert runner.server is not None
    loop = asyncio.get_running_loop()
    try:
        listening = await loop.create_server(bounded(runner.server), host, port)
    except OSError as error:
        await runner.cleanup()
        raise ConfigError(
            f"HEALTH_PORT: cannot listen on port {port} of HEALTH_HOST: {error.strerror}"
        ) from error
    try:
        bound: int = listening.sockets[0].getsockname()[1]
        log.info("health.listening", host=host, port=bound)
        yield bound
    finally:
        listening.close()
        await runner.cleanup()


@web.middleware
async def _in_time(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse a body that does not come; what is asked of the parts has deadlines of its own."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            await request.read()  # more than _LARGEST_BODY ends in 413
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    return await handler(request)


def _application(health: Health, beside: Iterable[web.RouteDef]) -> web.Application:
    async def alive(_request: web.Request) -> web.Response:
        """Answer that the event loop runs: nothing else could be mended by a restart."""
        return web.json_response({"alive": True})

    async def ready(_request: web.Request) -> web.Response:
        states = await health.states()
        well = is_ready(states)
        return web.json_response({"ready": well, "parts": states}, status=200 if well else 503)

    async def metrics(_request: web.Request) -> web.Response:
        body = await health.figures(await health.states())
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    application = web.Application(client_max_size=_LARGEST_BODY, middlewares=[_in_time])
    application.router.add_routes(beside)
    application.router.add_get("/healthz", alive)
    application.router.add_get("/readyz", ready)
    application.router.add_get("/metrics", metrics)
    return application


#: A step that is undecided this long after its due time is late: twice the promised time.
_LATE: Final = timedelta(seconds=10)

_T = TypeVar("_T")

_LOOK_S: Final = 3.0  # an orchestrator asks every few seconds, and waits no longer


@dataclass(frozen=True, slots=True)
class Vitals:
    """Looks at the parts that make the bot ready.

    Attributes:
        counters: What the capabilities count in this process.
    """

    client: IncidentBot
    store: Store
    runner: JobRunner
    keeper: ShardKeeper
    count: Callable[[], Coroutine[Any, Any, Figures]]
    circuit: Circuit
    emergencies: Sequence[Emergency]
    deaf: DeafWatch
    counters: Sequence[ProcessCounter] = ()

    @property
    def parts(self) -> dict[str, Part]:
        """Return the parts that must be healthy for the bot to be ready."""
        return {
            "database": self._database,
            "jobs": self._jobs,
            "deadlines": self._deadlines,
            "gateway": self._gateway,
            "discord": self._discord,
            "disk": self._disk,
        }

    async def figures(self, states: Mapping[str, str]) -> bytes:
        """Return the body of /metrics, given what each part answered."""
        now_s = time.monotonic()
        body = exposition(
            states,
            latency_s=self.client.latency,
            outage=Outage(
                self.circuit.away_s, await _if_there(DeliveryRows(self.store.sql).held_deliveries())
            ),
            incidents=await _if_there(self._incidents()),
            figures=await _if_there(self.count()),
            sessions={
                shard: ShardSession(now_s - since_s, self.client.expected_events.silent_for_s(shard))
                for shard, since_s in self.client.listening.items()
            },
        )
        return body + counters_exposition(self.counters)

    async def _database(self) -> str | None:
        try:
            async with asyncio.timeout(_LOOK_S):
                await self.store.beat()
        except (StorageUnavailable, TimeoutError) as error:
            return f"cannot be written: {trouble_of(error)}"
        # They look once a second. A report that arrives before they notice is posted without the database.
        troubles = [emergency.trouble for emergency in self.emergencies if emergency.trouble]
        return f"could not be written a moment ago: {troubles[0]}" if troubles else None

    async def _jobs(self) -> str | None:
        return None if self.runner.healthy else "the job queue does not answer"

    async def _deadlines(self) -> str | None:
        """Check that due steps are decided and people alerted, even if database and queue look healthy."""
        try:
            async with asyncio.timeout(_LOOK_S):
                return await broken_promise(self.store, late_after=_LATE)
        except (StorageUnavailable, TimeoutError) as error:
            return f"cannot be read: {trouble_of(error)}"

    async def _gateway(self) -> str | None:
        return self.keeper.trouble() or self.deaf.trouble

    async def _discord(self) -> str | None:
        away_s = self.circuit.away_s
        return None if not away_s else f"has not answered for {away_s:.0f} s"

    async def _disk(self) -> str | None:
        """Check that what is done without the database would survive a restart."""
        troubles = [emergency.disk_trouble for emergency in self.emergencies if emergency.disk_trouble]
        return f"DATA_DIR cannot be written: {troubles[0]}" if troubles else None

    async def _incidents(self) -> IncidentCounts:
        served = list(self.client.served)
        counts = [
            one for each in served for one in await IncidentRows(self.store.sql).count_open(each.guild_id)
        ]
        return IncidentCounts(
            open=tuple(counts),
            severities=tuple({name: None for each in served for name in each.policy.severities}),
            guilds=tuple(each.guild_id for each in served),
            now=await self.store.now(),
            weeks=tuple(
                [GuildWeek(each.guild_id, await each.statistics.this_week(each.guild_id)) for each in served]
            ),
        )


async def _if_there(reading: Coroutine[Any, Any, _T]) -> _T | None:
    """Return what *reading* finds in the database; None if the database does not answer in time."""
    try:
        async with asyncio.timeout(_LOOK_S):
            return await reading
    except (StorageUnavailable, TimeoutError):
        return None


def serving(
    settings: Settings, vitals: Vitals, cases: Mapping[int, UseCases], served: Served, texts: Texts
) -> AbstractAsyncContextManager[int]:
    """Serve health and metrics, and where emails lead to it the page behind their links.

    Args:
        settings: With a `health_port`.
        cases: By guild.
    """
    assert settings.health_port is not None
    links = {
        guild_id: GuildAckLinks(one.links, AckPage(texts, served.policies[guild_id]))
        for guild_id, one in cases.items()
    }
    return serve_health(
        Health(vitals.parts, vitals.figures),
        host=settings.health_host,
        port=settings.health_port,
        beside=AckSite(links).routes if settings.public_url else (),
    )
