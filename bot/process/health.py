"""What an orchestrator and a monitoring system ask: alive, ready, and a few figures."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.domain.errors import ConfigError

log = structlog.get_logger(__name__)

#: Looks at one part; None when it is well, else one line about what is wrong.
Part = Callable[[], Awaitable[str | None]]

_OK: Final = "ok"
_LARGEST_BODY: Final = 1024  # bytes; nothing here asks for one


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
        """Each part with "ok" or what is wrong with it."""
        return {name: await look() or _OK for name, look in self.parts.items()}


def is_ready(states: Mapping[str, str]) -> bool:
    """Whether every part is well."""
    return all(state == _OK for state in states.values())


@asynccontextmanager
async def serve_health(
    health: Health, *, host: str, port: int, beside: Iterable[web.RouteDef] = ()
) -> AsyncIterator[int]:
    """Answer /healthz, /readyz and /metrics during the block.

    Args:
        beside: What else is served there.
        port: 0 takes a free one.

    Returns:
        The port.

    Raises:
        ConfigError: it cannot listen there.
    """
    runner = web.AppRunner(_application(health, beside), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise ConfigError(f"HEALTH_PORT: cannot listen on {host} port {port}: {error.strerror}") from error
    try:
        bound: int = runner.addresses[0][1]
        log.info("health.listening", host=host, port=bound)
        yield bound
    finally:
        await runner.cleanup()


def _application(health: Health, beside: Iterable[web.RouteDef]) -> web.Application:
    async def alive(_request: web.Request) -> web.Response:
        """The event loop turns, which is all that a restart could mend."""
        return web.json_response({"alive": True})

    async def ready(_request: web.Request) -> web.Response:
        states = await health.states()
        well = is_ready(states)
        return web.json_response({"ready": well, "parts": states}, status=200 if well else 503)

    async def metrics(_request: web.Request) -> web.Response:
        body = await health.figures(await health.states())
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    application = web.Application(client_max_size=_LARGEST_BODY)
    application.router.add_routes(beside)
    application.router.add_get("/healthz", alive)
    application.router.add_get("/readyz", ready)
    application.router.add_get("/metrics", metrics)
    return application
