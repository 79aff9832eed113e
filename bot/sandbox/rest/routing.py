"""Route tables, and what a handler is given. Handlers are plain functions: each runs without interruption."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.sandbox.core import Core
from bot.sandbox.errors import ApiError
from bot.sandbox.forms import Form, body_object
from bot.sandbox.kinds import JSON
from bot.sandbox.ratelimit import Limit
from bot.sandbox.uploads import Upload

DEFAULT_LIMIT = Limit(50, 1.0)
_MAJOR = ("channel_id", "guild_id", "webhook_id", "token")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with a status of its own. *body* None means no content."""

    status: int
    body: Any = None


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Attributes:
        core: The sandbox.
        params: The path's parameters.
        query: The query string's parameters.
        body: The parsed JSON body, None when there was none.
        uploads: Files of a multipart body.
        authorized: Whether the bot's own token came with it.
    """

    core: Core
    params: dict[str, str]
    query: Mapping[str, str]
    body: Any
    uploads: list[Upload]
    authorized: bool

    @property
    def bot_id(self) -> str:
        """Who calls."""
        return self.core.world.application.id

    @property
    def data(self) -> JSON:
        """The body as an object; 50035 when it is none."""
        return body_object(self.body)

    def flag(self, name: str) -> bool:
        """A boolean of the query string."""
        return self.query.get(name, "").lower() in ("1", "true")

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        """An integer of the query string within its bounds, or 50035."""
        form = Form()
        value = form.integer((name,), self.query.get(name), default, least=least, most=most)
        form.finish()
        return value

    def check_ids(self, *names: str) -> None:
        """Raise 50035 when one of the *names* in the query string is no snowflake."""
        check_snowflakes({f"{name}_id": self.query[name] for name in names if name in self.query})


Handler: TypeAlias = Callable[[Call], Any]


@dataclass(frozen=True, slots=True)
class Route:
    """One route. *counts_globally* is off for interaction endpoints."""

    method: str
    template: str
    pattern: re.Pattern[str]
    handler: Handler
    limit: Limit
    needs_auth: bool
    counts_globally: bool

    def major(self, params: dict[str, str]) -> str:
        """What its rate limit counts by: channel, guild, or webhook with its token."""
        return ":".join(params[name] for name in _MAJOR if name in params)


class RouteTable:
    """Collects routes by decorator."""

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def add(
        self,
        verb: str,
        *,
        limit: Limit = DEFAULT_LIMIT,
        needs_auth: bool = True,
        counts_globally: bool = True,
    ) -> Callable[[Handler], Handler]:
        """Register a handler for *verb*, e.g. ``"GET /channels/{channel_id}"``."""
        method, template = verb.split(" ")
        named = Limit(limit.requests, limit.window_s, limit.name or verb)
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))

        def register(handler: Handler) -> Handler:
            route = Route(method, template, pattern, handler, named, needs_auth, counts_globally)
            self.routes.append(route)
            return handler

        return register


def match(routes: list[Route], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route for a request, and its path parameters."""
    for route in routes:
        if route.method == method and (found := route.pattern.fullmatch(path)):
            return route, found.groupdict()
    return None


def check_snowflakes(params: dict[str, str]) -> None:
    """Raise 50035 when an id in the path is no snowflake."""
    form = Form()
    for name, value in params.items():
        is_number = value.isdecimal() or value in ("@me", "@original")
        if name.endswith("_id") and not is_number:
            form.add((name,), "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')
    form.finish()


def internal_error() -> ApiError:
    """The last resort: a bug of the sandbox, answered as Discord answers its own."""
    return ApiError(500, 0, "500: Internal Server Error")
