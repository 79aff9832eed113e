"""The HTTP endpoints for an orchestrator and a monitoring system: alive, ready, and a few figures."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.domain.errors import ConfigError
from bot.integrations.http_server import bounded

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
