"""What the bot's HTTP servers have in common: few connections, and few words about what cannot be read.

A request that cannot be read is answered with one plain sentence and logged with one line. aiohttp writes a
traceback at level error for each: strangers could fill the log, and alarm people.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

import structlog
from aiohttp import web
from aiohttp.http_exceptions import ContentEncodingError, HttpProcessingError
from aiohttp.web_protocol import RequestHandler

log = structlog.get_logger(__name__)

#: Connections at a time. Each is a file descriptor, and the emergency file needs one as well.
MOST_CONNECTIONS: Final = 100

#: What strangers cause: a head, a body or an encoding that is none, and a connection that ends too early.
_UNREADABLE: Final = (HttpProcessingError, web.RequestPayloadError, ConnectionError)

_NOT_DECODED: Final = (
    "The body cannot be decoded. "
    "Send it as it is, or compressed with gzip, deflate or br, as Content-Encoding says.\n"
)
_NOT_READ: Final = "This is not a complete HTTP request.\n"


class QuietHandler(RequestHandler):
    """Handles one connection of a server; errors of ours are logged as before."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer 400 to what cannot be read."""
        if not isinstance(exc, _UNREADABLE):
            return super().handle_error(request, status, exc, message)
        log.info("http.request_unreadable", reason=type(exc).__name__)
        is_body = isinstance(exc, ContentEncodingError | web.RequestPayloadError)
        answer = web.Response(text=_NOT_DECODED if is_body else _NOT_READ, status=HTTPStatus.BAD_REQUEST)
        answer.force_close()  # nobody knows where the next request begins
        return answer

    def log_exception(self, *args: Any, **kw: Any) -> None:  # noqa: ANN401 -- aiohttp's own
        """Log an error of ours; what could not be read was logged when it was answered."""
        if not isinstance(kw.get("exc_info"), _UNREADABLE):
            super().log_exception(*args, **kw)


def quiet_handler(server: web.Server) -> asyncio.Protocol:
    """Return what handles one more connection of *server*."""
    return QuietHandler(server, loop=asyncio.get_running_loop(), **server._kwargs)  # noqa: SLF001 -- as Server does; pinned


def bounded(server: web.Server, *, most: int = MOST_CONNECTIONS) -> Callable[[], asyncio.Protocol]:
    """Make room for each new connection by closing the oldest: an answer takes milliseconds."""

    def connect() -> asyncio.Protocol:
        there = server.connections
        for oldest in there[: max(0, len(there) + 1 - most)]:
            oldest.force_close()  # `close` would leave an idle one open
        return quiet_handler(server)

    return connect
