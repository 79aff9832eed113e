"""What each human-side handler is given, and how its errors are answered."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from aiohttp import web

from bot.sandbox.core import Core
from bot.sandbox.errors import ApiError
from bot.sandbox.faults import BadFault
from bot.sandbox.gateway import Connection
from bot.sandbox.kinds import JSON
from bot.sandbox.modals import BadFields
from bot.sandbox.names import NoSuchName, find_channel, find_user
from bot.sandbox.options import BadCommand
from bot.sandbox.rest.users import dm_channel
from bot.sandbox.sessions import Sessions
from bot.sandbox.world import Channel, User


class BadRequest(ValueError):
    """The request lacks something or says it wrongly."""


@dataclass
class Desk:
    """The parts that the human side works on.

    Attributes:
        core: The sandbox.
        sessions: Gateway sessions.
        connections: Open gateway sockets.
        gateway_down: True while new gateway connections are refused.
    """

    core: Core
    sessions: Sessions
    connections: set[Connection]
    gateway_down: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """One human-side request: path parameters, query string, and body."""

    desk: Desk
    params: dict[str, str]
    query: dict[str, str]
    body: JSON

    @property
    def core(self) -> Core:
        """The sandbox."""
        return self.desk.core

    def text(self, name: str) -> str:
        """A required string (or number) of the body."""
        value = self.body.get(name)
        if value is None:
            raise BadRequest(f"{name!r} is required")
        return str(value)

    def user(self, name: str = "user") -> User:
        """The user named in the body."""
        return find_user(self.core.world, self.text(name))

    def channel(self, text: str | None = None) -> Channel:
        """The channel named in the body (or by *text*); ``dm:USER`` opens that DM when needed."""
        wanted = text or self.text("channel")
        if wanted.startswith("dm:"):
            user = find_user(self.core.world, wanted.removeprefix("dm:"))
            return dm_channel(self.core, user.id)
        return find_channel(self.core.world, wanted)


HumanHandler: TypeAlias = Callable[[Ask], Any | Awaitable[Any]]


def answer(value: object, status: int = 200) -> web.Response:
    """A JSON response."""
    return web.Response(status=status, body=json.dumps(value).encode(), content_type="application/json")


def refusal(error: Exception) -> web.Response:
    """The response to an error that the person caused; raises *error* again when it is none of those."""
    if isinstance(error, NoSuchName):
        return answer({"error": str(error)}, 404)
    if isinstance(error, (BadCommand, BadFields, BadFault, BadRequest)):
        return answer({"error": str(error)}, 400)
    if isinstance(error, ApiError):
        return answer({"error": error.body["message"], **error.body}, error.status)
    raise error
