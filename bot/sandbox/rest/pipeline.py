"""What every API request passes through: faults, authentication, rate limits, the handler, the log."""

import asyncio
import json
import socket
import struct
import time
import traceback
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from bot.sandbox.core import Core
from bot.sandbox.errors import ApiError, not_found, unauthorized
from bot.sandbox.faults import Fault
from bot.sandbox.kinds import JSON
from bot.sandbox.ratelimit import Verdict
from bot.sandbox.rest.bodies import read_body
from bot.sandbox.rest.routing import (
    Call,
    Reply,
    Route,
    check_snowflakes,
    internal_error,
    match,
)
from bot.sandbox.uploads import Upload

API_PREFIX = "/api/v10"
_JSON_TYPE = "application/json"  # exactly: no charset, as Discord sends it
_NO_CONTENT = 204
_TOO_MANY = 429
_SERVER_ERROR = 500
_HTML = "<!DOCTYPE html><html><head><title>{status}</title></head><body>cloudflare</body></html>"


@dataclass
class Answer:
    """Status, headers and body bytes that go out."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


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
        path = unquote(request.rel_url.raw_path.removeprefix(API_PREFIX))
        exchange = Exchange(
            request.method,
            path,
            dict(request.query),
            {key: value for key, value in request.headers.items() if key.lower() != "authorization"},
            time.monotonic(),
        )
        fault = self._core.faults.take(exchange.method, exchange.path)
        if fault:
            fields = {"route": fault.route, "method": exchange.method, "path": exchange.path}
            self._core.log.add("fault", fields)
            self._core.hub.beat()
        answer = await self._faulty(request, exchange, fault) if fault else await self._run(request, exchange)
        self._record(exchange, answer, fault)
        if answer is None:
            _reset(request)
            return web.Response()
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)

    async def _faulty(self, request: web.Request, exchange: Exchange, fault: Fault) -> Answer | None:
        """The answer under *fault*; None when the connection is to be reset."""
        if fault.reset == "before":
            return None
        takes_effect = fault.after or fault.reset == "after" or fault.body == "malformed"
        answer = await self._run(request, exchange) if takes_effect else None
        if fault.delay_s:
            await asyncio.sleep(fault.delay_s)
        if fault.reset == "after" or request.transport is None or request.transport.is_closing():
            return None
        if answer and fault.body == "malformed":
            return Answer(answer.status, answer.body[: len(answer.body) // 2], answer.headers)
        if fault.body == "html":
            return _html(fault)
        if fault.status:
            return _failure(fault)
        return answer or await self._run(request, exchange)

    async def _run(self, request: web.Request, exchange: Exchange) -> Answer:
        """Authentication, rate limit, handler; every refusal becomes its JSON."""
        headers = {"Via": "1.1 google"}
        try:
            exchange.body, exchange.uploads = await read_body(request)
            authorized = self._authorized(request)
            route, params = self._route(exchange, authorized=authorized)
            verdict = self._core.limiter.take(
                route.limit, route.major(params), counts_globally=route.counts_globally
            )
            headers |= verdict.headers
            if not verdict.passed:
                return _limited(verdict, headers)
            check_snowflakes(params)
            call = Call(self._core, params, exchange.query, exchange.body, exchange.uploads, authorized)
            return _success(route.handler(call), headers)
        except ApiError as error:
            return _error(error, headers)
        except Exception:  # noqa: BLE001 (a bug here must look like Discord failing, and be counted)
            self._core.world.internal_errors.append(traceback.format_exc())
            return _error(internal_error(), headers)

    def _route(self, exchange: Exchange, *, authorized: bool) -> tuple[Route, dict[str, str]]:
        """The route and its parameters: 404 when there is none, 401 when it needs the bot's token."""
        found = match(self._routes, exchange.method, exchange.path)
        if found is None:
            raise not_found()
        if found[0].needs_auth and not authorized:
            raise unauthorized()
        return found

    def _authorized(self, request: web.Request) -> bool:
        return request.headers.get("Authorization") == f"Bot {self._core.world.application.token}"

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


def _reset(request: web.Request) -> None:
    """End the TCP connection with RST, so that the client sees ECONNRESET and not an orderly end."""
    transport = request.transport
    if transport is None:
        return
    linger_off = struct.pack("ii", 1, 0)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_off)
    transport.abort()


def _loads(body: bytes) -> Any:  # noqa: ANN401 (any JSON value)
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode(errors="replace")


def _dump(value: object, status: int, headers: dict[str, str]) -> Answer:
    return Answer(status, json.dumps(value).encode(), headers | {"Content-Type": _JSON_TYPE})


def _success(result: Any, headers: dict[str, str]) -> Answer:  # noqa: ANN401 (what a handler returned)
    reply = result if isinstance(result, Reply) else Reply(_NO_CONTENT if result is None else 200, result)
    if reply.body is None:
        return Answer(reply.status, b"", headers)
    return _dump(reply.body, reply.status, headers)


def _error(error: ApiError, headers: dict[str, str]) -> Answer:
    if "retry_after" in error.body:
        headers = headers | {"Retry-After": str(int(error.body["retry_after"]) + 1)}
        headers["X-RateLimit-Scope"] = "user"
    return _dump(error.body, error.status, headers)


def _limited(verdict: Verdict, headers: dict[str, str]) -> Answer:
    wait_s = round(verdict.retry_after_s, 3)
    body: JSON = {
        "message": "You are being rate limited.",
        "retry_after": wait_s,
        "global": verdict.is_global,
    }
    headers |= {"Retry-After": str(int(wait_s) + 1)}
    headers["X-RateLimit-Scope"] = "global" if verdict.is_global else "user"
    if verdict.is_global:
        headers["X-RateLimit-Global"] = "true"
    return _dump(body, _TOO_MANY, headers)


def _failure(fault: Fault) -> Answer:
    """The JSON error that a fault with a status asks for."""
    status = fault.status or _SERVER_ERROR
    headers = {"Via": "1.1 google"}
    if status == _TOO_MANY:
        verdict = Verdict(False, {}, fault.retry_after or 1.0, fault.is_global)
        answer = _limited(verdict, headers)
    else:
        answer = _dump({"message": fault.message or str(status), "code": fault.code}, status, headers)
    answer.headers |= fault.headers
    return answer


def _html(fault: Fault) -> Answer:
    """A proxy's page: HTML, no ``Via``."""
    status = fault.status or 502
    headers = {"Content-Type": "text/html; charset=UTF-8", "Server": "cloudflare", **fault.headers}
    if fault.retry_after:
        headers["Retry-After"] = str(int(fault.retry_after))
    return Answer(status, _HTML.format(status=status).encode(), headers)
