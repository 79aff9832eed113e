"""Serve the API, the gateway, attachments, the page and the human side on one loopback port."""

import asyncio
import json
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from local_discord.core import Core
from local_discord.gateway.connection import Connection
from local_discord.gateway.sessions import Sessions
from local_discord.human.desk import Desk
from local_discord.human.table import PREFIX, add_routes
from local_discord.live.routes import add_page
from local_discord.live.typing import Typing
from local_discord.messages.cdn import attachment
from local_discord.messages.uploads import MAX_BYTES
from local_discord.rest.guard import is_loopback, own_only
from local_discord.rest.listener import expect, listen
from local_discord.rest.pipeline import ANY_VERSION, API_PREFIX, Pipeline
from local_discord.rest.table import all_routes
from local_discord.world.saving.state import load, save

_GATEWAY_PATH = "/gateway"
_MOST_FILES = 10
_SHUTDOWN_S = 0.2


class NotLoopback(ValueError):
    """Raised for an address that other machines could reach."""


@dataclass(frozen=True, slots=True)
class Address:
    """The addresses and credentials of a local Discord.

    Attributes:
        api_base: The base URL of the REST API, with its version.
        gateway: The WebSocket URL of the gateway.
        human: The base URL of the human side.
        page: The URL of the web page.
        token: The bot's token.
        guild_id: The server's id.
        application_id: The id of the bot's application, which is also its user id.
    """

    api_base: str
    gateway: str
    human: str
    page: str
    token: str
    guild_id: str
    application_id: str

    def to_json(self) -> str:
        """Return one line of JSON with exactly these fields."""
        return json.dumps(asdict(self))

    def environment(self) -> dict[str, str]:
        """Return environment variables with the names that bots usually read, to point a bot here."""
        return {
            "DISCORD_TOKEN": self.token,
            "DISCORD_APPLICATION_ID": self.application_id,
            "DISCORD_GUILD_ID": self.guild_id,
            "DISCORD_API_BASE": self.api_base,
            "DISCORD_GATEWAY": self.gateway,
        }


def loopback(host: str) -> str:
    """Return *host* if it is a loopback address, "127.0.0.1" for "localhost".

    Raises:
        NotLoopback: For any other address: everyone who can reach the port is an admin of this Discord.
    """
    if not is_loopback(host):
        raise NotLoopback(f"the local Discord listens on loopback only, not on {host!r}: use 127.0.0.1")
    return "127.0.0.1" if host == "localhost" else host


class LocalDiscord:
    """Serves a local Discord: ``async with LocalDiscord() as discord: discord.address``."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        core: Core | None = None,
        state: Path | None = None,
    ) -> None:
        """Prepare a local Discord; it listens after `start`.

        Args:
            host: A loopback address.
            port: 0 takes a free one.
            core: Its state and services, for example with another world or other `GatewayRules`.
            state: The file that the state is loaded from if it exists, and that `save` writes.

        Raises:
            NotLoopback: *host* is not a loopback address.
            BadState: *state* is not the state of a local Discord.
        """
        self._host = loopback(host)
        self._port = port
        self._runners: list[web.AppRunner] = []
        self._listeners: list[asyncio.Server] = []
        self.core = core or Core()
        self.core.state_file = state
        self.sessions = Sessions(self.core)
        if state and state.exists():
            load(self.core, self.sessions, state)
        self.desk = Desk(self.core, self.sessions, set())
        self._typing = Typing(self.core)

    async def start(self) -> Address:
        """Begin to listen, and return the address.

        Raises:
            OSError: The port is taken.
        """
        sock = socket.create_server((self._host, self._port), family=_family(self._host))
        self._port = sock.getsockname()[1]
        host = f"[{self._host}]" if ":" in self._host else self._host
        self.core.origin = f"http://{host}:{self._port}"
        self.core.gateway_url = f"ws://{host}:{self._port}{_GATEWAY_PATH}"
        resume_sock = _kept_or_free(self._host, self.core.resume_port)
        self.core.resume_port = resume_sock.getsockname()[1]
        self.core.resume_url = f"ws://{host}:{self.core.resume_port}/"
        await self._listen(self._app(), sock)
        await self._listen(self._resume_app(), resume_sock)
        return self.address

    async def _listen(self, app: web.Application, sock: socket.socket) -> None:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_S)
        await runner.setup()
        self._runners.append(runner)
        self._listeners.append(await listen(runner, sock))

    async def restart(self) -> Address:
        """Close every socket and listen again on the same port, with the same state.

        Sessions that resume get the events that they missed meanwhile.
        """
        await self.stop()
        return await self.start()

    def save(self) -> None:
        """Write the state to the file given as *state*; do nothing without one.

        Raises:
            OSError: The file cannot be written.
        """
        if self.core.state_file:
            save(self.core, self.sessions, self.core.state_file)

    async def stop(self) -> None:
        """Close every socket and stop listening."""
        self.core.freezer.thaw()
        self.sessions.unruly.stop()
        for connection in list(self.desk.connections):
            connection.drop()
        for listener in self._listeners:
            listener.close()
        for runner in self._runners:
            await runner.cleanup()
        self._listeners.clear()
        self._runners.clear()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def address(self) -> Address:
        """Return the addresses and credentials. They are valid once it has started."""
        application = self.core.world.application
        return Address(
            api_base=self.core.origin + API_PREFIX,
            gateway=self.core.gateway_url,
            human=self.core.origin + PREFIX,
            page=self.core.origin + "/",
            token=application.token,
            guild_id=self.core.world.guild.id,
            application_id=application.id,
        )

    @property
    def api_base(self) -> str:
        """Return the base URL of the REST API."""
        return self.address.api_base

    @property
    def gateway(self) -> str:
        """Return the WebSocket URL of the gateway."""
        return self.address.gateway

    @property
    def human(self) -> str:
        """Return the base URL of the human side."""
        return self.address.human

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=(_MOST_FILES + 1) * MAX_BYTES, middlewares=[own_only])
        pipeline = Pipeline(self.core, all_routes())
        for path in (_GATEWAY_PATH, f"{_GATEWAY_PATH}/"):
            app.router.add_get(path, self._gateway)
        app.router.add_get("/attachments/{channel_id}/{attachment_id}/{filename}", self._cdn)
        for path in (API_PREFIX, f"{API_PREFIX}/{{path:.*}}"):
            app.router.add_route("*", path, pipeline.handle, expect_handler=expect)
        for path in (ANY_VERSION, f"{ANY_VERSION}/{{path:.*}}"):
            app.router.add_route("*", path, pipeline.refuse_version, expect_handler=expect)
        add_routes(app, self.desk)
        add_page(app, self.desk, self._typing)
        return app

    def _resume_app(self) -> web.Application:
        """Return the app behind `resume_gateway_url`, which serves only the gateway."""
        app = web.Application(middlewares=[own_only])
        for path in ("/", _GATEWAY_PATH):
            app.router.add_get(path, self._resume_host)
        return app

    async def _resume_host(self, request: web.Request) -> web.StreamResponse:
        if self.desk.resume_down and request.transport:
            request.transport.abort()
            return web.Response()
        return await self._gateway(request)

    async def _gateway(self, request: web.Request) -> web.StreamResponse:
        await self.core.freezer.passed()
        if self.desk.gateway_down:
            return web.Response(status=503, text="the gateway is down")
        connection = Connection(self.core, self.sessions, request)
        self.desk.connections.add(connection)
        try:
            return await connection.run()
        finally:
            self.desk.connections.discard(connection)

    async def _cdn(self, request: web.Request) -> web.Response:
        await self.core.freezer.passed()
        return attachment(self.core, request.match_info["attachment_id"], request.match_info["filename"])


def _kept_or_free(host: str, port: int) -> socket.socket:
    """Listen on *port* again, which sessions know; on a free one if another program has taken it."""
    try:
        return socket.create_server((host, port), family=_family(host))
    except OSError:
        return socket.create_server((host, 0), family=_family(host))


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


async def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    core: Core | None = None,
    state: Path | None = None,
    on_ready: Callable[[Address], None] = lambda _address: None,
) -> None:
    """Serve a local Discord until cancelled, then save its state if there is a file for it.

    Args:
        host: A loopback address.
        port: 0 takes a free one.
        core: Its state and services, for example with another world.
        state: The file that the state is loaded from if it exists, and saved to at the end.
        on_ready: Called with the address once everything listens.

    Raises:
        NotLoopback: *host* is not a loopback address.
        BadState: *state* is not the state of a local Discord.
        OSError: The port is taken, or the state cannot be read or written.
    """
    async with LocalDiscord(host=host, port=port, core=core, state=state) as discord:
        on_ready(discord.address)
        try:
            await asyncio.Event().wait()
        finally:
            discord.save()
