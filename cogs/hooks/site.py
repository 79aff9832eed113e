"""The server of hooks: other systems post their alerts here. It has a port of its own.

Only a bot that has a port for it imports this module, and what it is made of.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import structlog
from aiohttp import hdrs, web

from bot.capability import ProcessCounter
from bot.domain.errors import ConfigError, StorageUnavailable, without_message
from bot.integrations.http_server import bounded
from bot.services.registry import Services
from bot.storage.store import Store
from cogs.hooks.intake import (
    HookBatches,
    HookGuild,
    HookIntake,
    HookResult,
    HooksMeanwhile,
    HookSource,
    hook_sources,
)
from cogs.hooks.readers import READERS
from cogs.hooks.rules import HookRequest
from cogs.hooks.spool import NAME as SPOOL
from cogs.hooks.spool import HookSpool

if TYPE_CHECKING:
    from bot.settings import Settings

log = structlog.get_logger(__name__)

#: Bytes of a body, after decompression.
LARGEST_BODY: Final = 1_000_000

#: Connections at a time; a further one closes the oldest.
MOST_CONNECTIONS: Final = 300
_BACKLOG: Final = 512
_IDLE_S: Final = 60.0

#: How long a request may take to send its body, seconds.
BODY_S: Final = 10.0

#: When a request is answered at the latest once its body is there, seconds: Sentry gives one second.
ANSWER_S: Final = 0.8

#: When a sender is asked to come again, seconds.
_AGAIN_S: Final = {HTTPStatus.SERVICE_UNAVAILABLE: 5, HTTPStatus.TOO_MANY_REQUESTS: 30}

_PATH: Final = "/hooks/{source}/{secret}"

_STATUS: Final = {
    HookResult.ACCEPTED: HTTPStatus.ACCEPTED,
    HookResult.KEPT: HTTPStatus.ACCEPTED,
    HookResult.REPEATED: HTTPStatus.OK,
    HookResult.UNKNOWN: HTTPStatus.NOT_FOUND,
    HookResult.UNVERIFIED: HTTPStatus.UNAUTHORIZED,
    HookResult.NESTED: HTTPStatus.BAD_REQUEST,
    HookResult.UNREADABLE: HTTPStatus.BAD_REQUEST,
    HookResult.FULL: HTTPStatus.TOO_MANY_REQUESTS,
}


class HookSite:
    """Answers the requests. Its addresses are secrets, so none is logged."""

    def __init__(self, intake: HookIntake) -> None:
        self._intake = intake

    @property
    def application(self) -> web.Application:
        """Build the web application that receives hooks."""
        application = web.Application(client_max_size=LARGEST_BODY)
        application.router.add_post(_PATH, self._receive)
        # What speaks to PagerDuty adds this to whatever address it is given.
        application.router.add_post(_PATH + "/v2/enqueue", self._receive)
        return application

    async def _receive(self, request: web.Request) -> web.Response:
        source = self._intake.find(request.match_info["source"], request.match_info["secret"])
        if source is None:
            return _answer(HTTPStatus.NOT_FOUND, HookResult.UNKNOWN)
        try:
            async with asyncio.timeout(BODY_S):
                body = await request.read()
        except TimeoutError:
            return self._refused(source, HTTPStatus.REQUEST_TIMEOUT, "slow")
        except web.HTTPRequestEntityTooLarge:
            return self._refused(source, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large")
        except web.RequestPayloadError:
            return self._refused(source, HTTPStatus.BAD_REQUEST, HookResult.UNREADABLE)
        if not body and hdrs.CONTENT_ENCODING in request.headers:  # what is cut off decompresses to nothing
            return self._refused(source, HTTPStatus.BAD_REQUEST, HookResult.UNREADABLE)
        headers = {name.lower(): value for name, value in request.headers.items()}
        return await self._answered(source, HookRequest(headers, body))

    async def _answered(self, source: HookSource, request: HookRequest) -> web.Response:
        try:
            async with asyncio.timeout(ANSWER_S):
                receipt = await self._intake.receive(source, request)
        except (StorageUnavailable, TimeoutError) as error:
            log.warning("hook.unavailable", source=source.name, reason=str(error) or "slow")
            return self._refused(source, HTTPStatus.SERVICE_UNAVAILABLE, "unavailable")
        except Exception as error:
            log.exception("hook.failed", source=source.name, exc_info=without_message(error))
            return self._refused(source, HTTPStatus.SERVICE_UNAVAILABLE, "failed")
        if receipt.answer is not None:
            status = _STATUS[receipt.result]
            return web.Response(body=receipt.answer, status=status, content_type="application/json")
        return _answer(_STATUS[receipt.result], receipt.result, why=receipt.reason)

    def _refused(self, source: HookSource, status: HTTPStatus, why: str) -> web.Response:
        self._intake.count(source.name, why)
        return _answer(status, why)


def _answer(status: HTTPStatus, result: str, *, why: str = "") -> web.Response:
    headers = {"Retry-After": str(_AGAIN_S[status])} if status in _AGAIN_S else {}
    body = {"status": result, "message": why} if why else {"status": result}
    return web.json_response(body, status=status, headers=headers)


@asynccontextmanager
async def receiving(
    settings: "Settings", store: Store, guilds: Mapping[int, Services]
) -> AsyncIterator[list[ProcessCounter]]:
    """Receive the hooks of every guild during the block, and count them.

    Args:
        settings: With a `hooks_port`.
        store: Sees every guild's rows.

    Raises:
        ConfigError: it cannot listen there, or two guilds name the same source.
    """
    assert settings.hooks_port is not None
    batches, spool = HookBatches(store), HookSpool(settings.data_dir / SPOOL)
    known = {guild_id: HookGuild(guild.policy, guild.emergency) for guild_id, guild in guilds.items()}
    meanwhile = HooksMeanwhile(spool, batches, known, READERS)
    sources = hook_sources(settings.hook_keys, {guild_id: guild.policy for guild_id, guild in known.items()})
    intake = HookIntake(sources, batches, store, meanwhile=meanwhile)
    meaning = "Requests by source and result, since this process began"
    async with serve_hooks(intake, batches, meanwhile, host=settings.hooks_host, port=settings.hooks_port):
        yield [ProcessCounter("incident_bot_hooks", meaning, ("source", "result"), intake.counts)]


@asynccontextmanager
async def serve_hooks(
    intake: HookIntake, *storing: HookBatches | HooksMeanwhile, host: str, port: int
) -> AsyncIterator[HookIntake]:
    """Receive hooks during the block. Raises as `receiving`.

    Args:
        storing: What stores them; `run` of each runs during the block.
        port: 0 takes a free one.
    """
    runner = web.AppRunner(
        HookSite(intake).application,
        access_log=None,
        shutdown_timeout=ANSWER_S,
        keepalive_timeout=_IDLE_S,
    )
    await runner.setup()
    tasks = [asyncio.create_task(each.run(), name="hooks") for each in storing]
    try:
        listening = await _listen(runner, host, port)
        try:
            bound: int = listening.sockets[0].getsockname()[1]
            log.info("hooks.listening", host=host, port=bound, sources=intake.sources)
            yield intake
        finally:
            listening.close()
    finally:
        await runner.cleanup()  # requests that wait for their commit get it first
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _listen(runner: web.AppRunner, host: str, port: int) -> asyncio.Server:
    assert runner.server is not None
    make = bounded(runner.server, most=MOST_CONNECTIONS)
    try:
        return await asyncio.get_running_loop().create_server(make, host, port, backlog=_BACKLOG)
    except OSError as error:
        raise ConfigError(
            f"HOOKS_PORT: cannot listen on port {port} of HOOKS_HOST: {error.strerror}"
        ) from error
