"""The input of each human-side handler, and the answers to its errors."""

import json
import math
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from aiohttp import web

from local_discord.core import Core
from local_discord.errors import ApiError
from local_discord.gateway.connection import Connection
from local_discord.gateway.sessions import Sessions
from local_discord.human.offers import Offered
from local_discord.refusals import Refusal, Why, why_of
from local_discord.rest.resources.users import dm_channel
from local_discord.world.kinds import JSON
from local_discord.world.names import NoSuchName, find_channel, find_user
from local_discord.world.world import Channel, User

T = TypeVar("T")
_NUMBER = re.compile(r"[0-9]{1,20}", re.ASCII)
_MOST_BITS = 1 << 63


class BadRequest(Refusal):
    """The request lacks something or says it wrongly."""


@dataclass
class Desk:
    """The parts that the human side works on.

    Attributes:
        core: The local Discord.
        sessions: Gateway sessions.
        connections: Open gateway sockets.
        gateway_down: True while new gateway connections are refused.
        resume_down: True while the host of `resume_gateway_url` takes none.
        offered: What a program beside the local Discord offers on the page.
    """

    core: Core
    sessions: Sessions
    connections: set[Connection]
    gateway_down: bool = False
    resume_down: bool = False
    offered: Offered = field(default_factory=Offered)


@dataclass(frozen=True, slots=True)
class Ask:
    """One human-side request: path parameters, query string, and body.

    What reads a field of the body raises BadRequest when the field is of another kind; null counts as absent,
    and without a default an absent one is wrong too.
    """

    desk: Desk
    params: dict[str, str]
    query: dict[str, str]
    body: JSON

    @property
    def core(self) -> Core:
        """The local Discord."""
        return self.desk.core

    def text(self, name: str) -> str:
        """A required id or name."""
        value = self._given(name, None)
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise BadRequest(f"{name!r} is an id or a name")
        return str(value)

    def words(self, name: str, default: str | None = None) -> str:
        """A string."""
        return self._typed(name, default, str, "a string")

    def flag(self, name: str, default: bool | None = None) -> bool:  # noqa: FBT001 (the value of a switch)
        """True or false."""
        return self._typed(name, default, bool, "true or false")

    def mapping(self, name: str) -> JSON:
        """An object, {} when absent."""
        return self._typed(name, {}, dict, "an object")

    def names(self, name: str) -> list[str]:
        """A list of strings, [] when absent."""
        listed = self._typed(name, [], list, "a list of strings")
        if not all(isinstance(item, str) for item in listed):
            raise BadRequest(f"{name!r} is a list of strings")
        return listed

    def objects(self, name: str) -> list[JSON]:
        """A list of objects, [] when absent."""
        listed = self._typed(name, [], list, "a list of objects")
        if not all(isinstance(item, dict) for item in listed):
            raise BadRequest(f"{name!r} is a list of objects")
        return listed

    def number(self, name: str, default: float | None = None) -> float:
        """A number, finite and not negative."""
        value = self._given(name, default)
        try:
            if (
                not isinstance(value, bool)
                and isinstance(value, int | float)
                and 0 <= float(value) < math.inf
            ):
                return float(value)
        except OverflowError:
            pass
        raise BadRequest(f"{name!r} is a number, not negative")

    def whole(self, name: str, default: int | None = None) -> int:
        """An integer, not negative; ids are such too, and may be strings."""
        return _whole(name, self._given(name, default))

    def bits(self, name: str, default: int) -> int:
        """Permission bits: a string of digits, as in the API, or a number."""
        value = self.whole(name, default)
        if value >= _MOST_BITS:
            raise BadRequest(f"{name!r} has bits that no permission has")
        return value

    def asked(self, name: str, default: str) -> float:
        """A number of the query string, finite and not negative."""
        text = self.query.get(name, default)
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not 0 <= value < math.inf:
            raise BadRequest(f"?{name} is a number, not negative")
        return value

    def _given(self, name: str, default: object) -> Any:  # noqa: ANN401 (a JSON value)
        value = self.body.get(name)
        value = default if value is None else value
        if value is None:
            raise BadRequest(f"{name!r} is required")
        return value

    def _typed(self, name: str, default: T | None, kind: type[T], words: str) -> T:
        value = self._given(name, default)
        if not isinstance(value, kind):
            raise BadRequest(f"{name!r} is {words}")
        return value

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


def _whole(name: str, value: object) -> int:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadRequest(f"{name!r} is a whole number, not negative")
    return value


HumanHandler: TypeAlias = Callable[[Ask], Any | Awaitable[Any]]


def answer(value: object, status: int = 200) -> web.Response:
    """A JSON response."""
    return web.Response(status=status, body=json.dumps(value).encode(), content_type="application/json")


def refusal(error: Exception) -> web.Response | None:
    """The response to an error that the person caused; None when it is none of those."""
    if isinstance(error, NoSuchName):
        return answer({"error": str(error), "why": Why.UNKNOWN, "fields": {}}, 404)
    if isinstance(error, Refusal):
        return answer(error.payload(), 400)
    if isinstance(error, ApiError):
        body = {"error": error.body["message"], **error.body, **why_of(error.body.get("code", 0))}
        return answer(body, error.status)
    return None
