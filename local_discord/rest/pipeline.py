"""The stages of every API request: faults, authentication, rate limits, the handler, the log."""

import json
import math
import time
import traceback
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from local_discord.core import Core
from local_discord.errors import ApiError, not_found, refused, unauthorized
from local_discord.faults.faults import Fault
from local_discord.messages.uploads import Upload
from local_discord.rest.answers import VIA, Answer, banned, compressed, dump, limited
from local_discord.rest.bodies import read_body
from local_discord.rest.faulty import cut, has_left, reset, suffer
from local_discord.rest.routing import (
    Auth,
    Call,
    Reply,
    Route,
    audit_reason,
    check_snowflakes,
    internal_error,
    match,
)
from local_discord.world.kinds import JSON
from local_discord.world.seed import user_token

API_PREFIX = "/api/v10"
ANY_VERSION = "/api"
_NO_CONTENT = 204


@dataclass
class Exchange:
    """One request on its way through; becomes one log entry."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    started_s: float
    body: Any = None
    uploads: list[Upload] = field(default_factory=list)


class Pipeline:
    """Answers API requests with *routes* on *core*."""

    def __init__(self, core: Core, routes: list[Route]) -> None:
        self._core = core
        self._routes = routes

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The aiohttp handler below ``/api/v10``."""
        exchange = _begun(request, request.rel_url.raw_path.removeprefix(API_PREFIX))
        fault = self._core.faults.take(exchange.method, exchange.path)
        if fault:
            fields = {"route": fault.route, "method": exchange.method, "path": exchange.path}
            self._core.log.add("fault", fields | {"id": fault.id})
            self._core.hub.beat()
        answer = await self._answer(request, exchange, fault)
        self._record(exchange, answer, fault)
        if answer is None:
            reset(request)
            return web.Response()
        return await cut(request, answer) if answer.is_cut else _sent(request, answer)

    async def refuse_version(self, request: web.Request) -> web.StreamResponse:
        """The aiohttp handler of every other version, and of none: only v10 is spoken here.

        Source: Reference > API Versioning; JSON Error Codes, 50041.
        """
        await self._core.freezer.passed()
        exchange = _begun(request, request.rel_url.raw_path)
        answer = _error(refused(50041), VIA)
        self._record(exchange, answer, None)
        return _sent(request, answer)

    async def _answer(self, request: web.Request, exchange: Exchange, fault: Fault | None) -> Answer | None:
        """The answer, with what *fault* does to it; None when the connection is to be reset."""
        freezer = self._core.freezer
        if freezer.frozen:
            await freezer.passed()
            if has_left(request):  # nobody waits any more: nothing takes effect
                return None
        if fault:
            answer = await suffer(request, fault, lambda: self._run(request, exchange))
        else:
            answer = await self._run(request, exchange)
        await freezer.passed()
        return answer

    async def _run(self, request: web.Request, exchange: Exchange) -> Answer | None:
        """The ban of the address, or what the API says; the latter counts towards the former.

        None when the client leaves before it has sent its whole body: nothing takes effect.
        """
        bans = self._core.limiter.bans
        if self._core.limiter.enabled and bans.banned(self._core.world.invalid_cap):
            return banned()
        try:
            answer = await self._handled(request, exchange)
        except ConnectionError:
            return None
        bans.count(answer.status, answer.headers)
        return answer

    async def _handled(self, request: web.Request, exchange: Exchange) -> Answer:
        """Authentication, rate limit, handler; every refusal becomes its JSON."""
        headers = dict(VIA)
        try:
            caller = self._caller(request)
            route, params = self._route(exchange, caller)
            exchange.body, exchange.uploads = await read_body(request)
            verdict = self._core.limiter.take(
                route.limit, route.major(params), counts_globally=route.counts_globally
            )
            headers |= verdict.headers
            if not verdict.passed:
                return limited(verdict, headers)
            check_snowflakes(params)
            reason = audit_reason(request.headers.get("X-Audit-Log-Reason"))
            content = (exchange.query, exchange.body, exchange.uploads)
            call = Call(self._core, params, *content, caller, reason)
            return _success(route.handler(call), headers)
        except ApiError as error:
            return _error(error, headers)
        except ConnectionError:
            raise
        except Exception:  # noqa: BLE001 (a bug here must look like Discord failing, and be counted)
            self._core.world.internal_errors.append(traceback.format_exc())
            return _error(internal_error(), headers)

    def _route(self, exchange: Exchange, caller: str) -> tuple[Route, dict[str, str]]:
        """The route and its parameters: 404 when there is none, 401 without the token that it needs."""
        found = match(self._routes, exchange.method, exchange.path)
        if found is None:
            raise not_found()
        auth, bot_id = found[0].auth, self._core.world.application.id
        if auth is Auth.PERSON and caller == bot_id:
            raise refused(20001)
        if auth is not Auth.NONE and (not caller or (auth is Auth.BOT and caller != bot_id)):
            raise unauthorized()
        return found

    def _caller(self, request: web.Request) -> str:
        """The id of the bot or the person whose token came with the request; "" for no valid one."""
        world, given = self._core.world, request.headers.get("Authorization", "")
        if given == f"Bot {world.application.token}":
            return world.application.id
        people = (user_id for user_id in world.members if given == f"Bearer {user_token(user_id)}")
        return next(people, "") if given.startswith("Bearer ") else ""

    def _record(self, exchange: Exchange, answer: Answer | None, fault: Fault | None) -> None:
        entry: JSON = {
            "method": exchange.method,
            "path": exchange.path,
            "query": exchange.query,
            "headers": exchange.headers,
            "body": exchange.body,
            "files": [upload.filename for upload in exchange.uploads],
            "started_s": exchange.started_s,
            "status": answer.status if answer else None,
            "response_headers": answer.headers if answer else {},
            "response": _loads(answer.body) if answer else None,
            "fault": fault.route if fault else None,
        }
        self._core.log.add("rest", entry)
        self._core.hub.beat()


def _begun(request: web.Request, path: str) -> Exchange:
    headers = {key: value for key, value in request.headers.items() if key.lower() != "authorization"}
    return Exchange(request.method, unquote(path), dict(request.query), headers, time.monotonic())


def _sent(request: web.Request, answer: Answer) -> web.Response:
    answer = compressed(answer, request.headers.get("Accept-Encoding", ""))
    response = web.Response(status=answer.status, body=answer.body, headers=answer.headers)
    is_broken = request.content.exception() is not None
    if is_broken:
        request.content.feed_eof()  # otherwise aiohttp looks for the rest, finds the error, and logs it
    if is_broken or answer.closes:
        response.force_close()
    return response


def _loads(body: bytes) -> Any:  # noqa: ANN401 (any JSON value)
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode(errors="replace")


def _success(result: Any, headers: dict[str, str]) -> Answer:  # noqa: ANN401 (what a handler returned)
    reply = result if isinstance(result, Reply) else Reply(_NO_CONTENT if result is None else 200, result)
    if reply.body is None:
        return Answer(reply.status, b"", headers)
    return dump(reply.body, reply.status, headers)


def _error(error: ApiError, headers: dict[str, str]) -> Answer:
    if "retry_after" in error.body:
        headers = headers | {"Retry-After": str(math.ceil(error.body["retry_after"]))}
        headers["X-RateLimit-Scope"] = error.scope
    answer = dump(error.body, error.status, headers)
    answer.closes = error.closes
    return answer
