"""The one server that is open to strangers: it answers the routes of the capabilities on HOOKS_PORT.

Only a bot that has a port for it imports this module, and what it is made of.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import structlog
from aiohttp import web

from bot.capability import PublicRoutes
from bot.domain.errors import ConfigError
from bot.integrations.http_server import bounded

log = structlog.get_logger(__name__)

#: Connections at a time; a further one closes the oldest.
MOST_CONNECTIONS: Final = 300
_BACKLOG: Final = 512
_IDLE_S: Final = 60.0

#: How long a request may take to send its body, seconds.
BODY_S: Final = 10.0

#: How long requests that are under way may take when the process ends, seconds.
_LAST_S: Final = 0.8


async def body_of(request: web.Request, *, most: int) -> bytes:
    """Return the body of *request*, decompressed.

    Args:
        most: Bytes that it may have, after decompression.

    Raises:
        TimeoutError: it took longer than `BODY_S`. web.HTTPRequestEntityTooLarge: it is larger.
        web.RequestPayloadError: it cannot be decoded.
    """
    async with asyncio.timeout(BODY_S):
        return await request.clone(client_max_size=most).read()


@asynccontextmanager
async def serve_public(parts: Sequence[PublicRoutes], *, host: str, port: int) -> AsyncIterator[int]:
    """Answer the routes of *parts* during the block. Addresses are secrets, so none is logged.

    Args:
        port: 0 takes a free one.

    Returns:
        The port.

    Raises:
        ConfigError: it cannot listen there.
    """
    application = web.Application()
    for part in parts:
        application.add_routes(part.routes)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=_LAST_S, keepalive_timeout=_IDLE_S)
    await runner.setup()
    try:
        listening = await _listen(runner, host, port)
        try:
            bound: int = listening.sockets[0].getsockname()[1]
            sources = sorted(name for part in parts for name in part.sources)
            log.info("hooks.listening", host=host, port=bound, sources=sources)
            yield bound
        finally:
            listening.close()
    finally:
        await runner.cleanup()  # requests that wait for their commit get it first


async def _listen(runner: web.AppRunner, host: str, port: int) -> asyncio.Server:
    assert runner.server is not None
    make = bounded(runner.server, most=MOST_CONNECTIONS)
    try:
        return await asyncio.get_running_loop().create_server(make, host, port, backlog=_BACKLOG)
    except OSError as error:
        raise ConfigError(
            f"HOOKS_PORT: cannot listen on port {port} of HOOKS_HOST: {error.strerror}"
        ) from error
