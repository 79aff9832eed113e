"""The routes of hooks: other systems post their alerts here.

Only a bot that has a port for it imports this module, and what it is made of.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import structlog
from aiohttp import hdrs, web

from bot.capability import ProcessCounter, PublicRoutes
from bot.domain.errors import StorageUnavailable, without_message
from bot.integrations.public_server import body_of
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
    def routes(self) -> list[web.RouteDef]:
        """Return the routes that receive hooks."""
        # What speaks to PagerDuty adds this to whatever address it is given.
        return [web.post(_PATH + tail, self._receive) for tail in ("", "/v2/enqueue")]

    async def _receive(self, request: web.Request) -> web.Response:
        source = self._intake.find(request.match_info["source"], request.match_info["secret"])
        if source is None:
            return _answer(HTTPStatus.NOT_FOUND, HookResult.UNKNOWN)
        try:
            body = await body_of(request, most=LARGEST_BODY)
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
) -> AsyncIterator[PublicRoutes]:
    """Receive the hooks of every guild during the block, and count them.

    Args:
        store: Sees every guild's rows.

    Raises:
        ConfigError: two guilds name the same source.
    """
    batches, spool = HookBatches(store), HookSpool(settings.data_dir / SPOOL)
    known = {guild_id: HookGuild(guild.policy, guild.emergency) for guild_id, guild in guilds.items()}
    meanwhile = HooksMeanwhile(spool, batches, known, READERS)
    sources = hook_sources(settings.hook_keys, {guild_id: guild.policy for guild_id, guild in known.items()})
    intake = HookIntake(sources, batches, store, meanwhile=meanwhile)
    async with open_hooks(intake, batches, meanwhile) as routes:
        yield routes


@asynccontextmanager
async def open_hooks(
    intake: HookIntake, *storing: HookBatches | HooksMeanwhile
) -> AsyncIterator[PublicRoutes]:
    """Receive hooks during the block.

    Args:
        storing: What stores them; `run` of each runs during the block.
    """
    meaning = "Requests by source and result, since this process began"
    counter = ProcessCounter("incident_bot_hooks", meaning, ("source", "result"), intake.counts)
    tasks = [asyncio.create_task(each.run(), name="hooks") for each in storing]
    try:
        yield PublicRoutes(HookSite(intake).routes, intake.sources, [counter])
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
