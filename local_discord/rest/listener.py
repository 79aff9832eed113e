"""The HTTP server below everything: what is no HTTP is refused as the API refuses, in JSON."""

import asyncio
import json
import socket
from typing import Final

from aiohttp import web

from local_discord.world.kinds import JSON

#: Connections that wait to be taken. Of a crowd asyncio's 100 drop some, and those come a second later.
_BACKLOG: Final = 1_024

_CLIENT_ERRORS: Final = range(400, 500)
_HEADERS: Final = {"Via": "1.1 google", "Content-Type": "application/json", "Connection": "close"}


class Protocol(web.RequestHandler):
    """One connection. aiohttp would answer what it cannot parse in plain text, and log a traceback of it."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to a request line or headers that are none: code 0, the general error."""
        if status not in _CLIENT_ERRORS or request.writer.output_size > 0:
            return super().handle_error(request, status, exc, message)
        body: JSON = {"message": f"{status}: Bad Request", "code": 0}
        response = web.Response(status=status, body=json.dumps(body).encode(), headers=_HEADERS)
        response.force_close()
        return response


async def listen(runner: web.AppRunner, sock: socket.socket) -> asyncio.Server:
    """Serve *runner*, which is set up, on *sock* until the returned server is closed."""
    loop, server = asyncio.get_running_loop(), runner.server
    assert server is not None

    def connected() -> Protocol:
        # None is how `AppRunner` itself says "no access log"; only the annotation does not know it.
        return Protocol(server, loop=loop, access_log=None)  # type: ignore[arg-type]

    return await loop.create_server(connected, sock=sock, backlog=_BACKLOG)


async def expect(request: web.Request) -> None:
    """Answer ``Expect: 100-continue`` with 100 Continue; ignore other expectations."""
    if request.headers["Expect"].lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # as aiohttp does: no part of the answer has been sent yet
