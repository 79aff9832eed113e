"""Route tables, and what a handler is given. Handlers are plain functions: each runs without interruption."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias
from urllib.parse import unquote

from local_discord.core import Core
from local_discord.errors import ApiError, shared_limit, unknown, wrong_method
from local_discord.forms import Form, body_object
from local_discord.messages.uploads import Upload
from local_discord.ratelimit import Limit
from local_discord.world.kinds import JSON

DEFAULT_LIMIT = Limit(50, 1.0)
_MOST_REASON = 512
_SHARED = {20028: "The write action you are performing on the channel has hit the write rate limit."}
_MAJOR = ("channel_id", "guild_id", "webhook_id", "token")


class Auth(Enum):
    """The credentials a request needs: the bot's token, none (the path has a token), or a person's token."""

    BOT = "bot"
    NONE = "none"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with a status of its own. *body* None means no content."""

    status: int
    body: Any = None


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Attributes:
        core: The local Discord.
        params: The path's parameters.
        query: The query string's parameters.
        body: The parsed JSON body, None when there was none.
        uploads: Files of a multipart body.
        caller: Who it comes from: the bot's id, a person's id, or "" without a valid token.
        reason: What ``X-Audit-Log-Reason`` said, decoded.
    """

    core: Core
    params: dict[str, str]
    query: Mapping[str, str]
    body: Any
    uploads: list[Upload]
    caller: str
    reason: str | None = None

    @property
    def bot_id(self) -> str:
        """Return the id of the calling bot."""
        return self.core.world.application.id

    @property
    def data(self) -> JSON:
        """The body as an object; 50035 when it is none."""
        return body_object(self.body)

    def flag(self, name: str) -> bool:
        """A boolean of the query string, false when absent; 50035 for anything but ``true`` and ``false``."""
        words = {"true": True, "1": True, "false": False, "0": False}
        form = Form()
        value = form.boolean((name,), words.get(self.query.get(name, "0").lower(), self.query.get(name)))
        form.finish()
        return value

    def items(self, form: Form, most: int) -> list[JSON]:
        """The body as a list of up to *most* objects; none at all is wrong too, and goes to *form*."""
        return form.items((), {} if self.body is None else self.body, most=most)

    def share(self, limit: Limit, resource: str, code: int = 0) -> None:
        """Count on a limit that all callers share for *resource*; 429 with the scope ``shared``."""
        verdict = self.core.limiter.take(limit, resource, counts_globally=False)
        if not verdict.passed:
            message = _SHARED.get(code, "The resource is being rate limited.")
            raise shared_limit(code, message, verdict.retry_after_s)

    def guild(self) -> None:
        """Raise 10004 unless the path names the guild that exists."""
        if self.params["guild_id"] != self.core.world.guild.id:
            raise unknown("Guild")

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        """An integer of the query string within its bounds, or 50035."""
        form = Form()
        value = form.integer((name,), self.query.get(name), default, least=least, most=most)
        form.finish()
        return value

    def check_ids(self, *names: str) -> None:
        """Raise 50035 when one of the *names* in the query string is no snowflake."""
        form = Form()
        for name in names:
            form.snowflake((name,), self.query.get(name))
        form.finish()


Handler: TypeAlias = Callable[[Call], Any]


@dataclass(frozen=True, slots=True)
class Route:
    """One route. *counts_globally* is off for interaction endpoints."""

    method: str
    template: str
    pattern: re.Pattern[str]
    handler: Handler
    limit: Limit
    auth: Auth
    counts_globally: bool

    def major(self, params: dict[str, str]) -> str:
        """Return the route's rate-limit key: channel, guild, or webhook with its token."""
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
        auth: Auth = Auth.BOT,
        counts_globally: bool = True,
    ) -> Callable[[Handler], Handler]:
        """Register a handler for *verb*, e.g. ``"GET /channels/{channel_id}"``."""
        method, template = verb.split(" ")
        named = Limit(limit.requests, limit.window_s, limit.name or verb)
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))

        def register(handler: Handler) -> Handler:
            route = Route(method, template, pattern, handler, named, auth, counts_globally)
            self.routes.append(route)
            return handler

        return register


def match(routes: list[Route], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route for a request, and its path parameters; None when nothing has that path.

    Raises:
        ApiError: 405 when the path exists, but not with that method.
    """
    others = False
    for route in routes:
        if found := route.pattern.fullmatch(path):
            if route.method == method:
                return route, found.groupdict()
            others = True
    if others:
        raise wrong_method()
    return None


def check_snowflakes(params: dict[str, str]) -> None:
    """Raise 50035 when an id in the path is no snowflake."""
    form = Form()
    for name, value in params.items():
        if name.endswith("_id") and value not in ("@me", "@original"):
            form.snowflake((name,), value)
    form.finish()


def audit_reason(header: str | None) -> str | None:
    """The reason for the audit log in ``X-Audit-Log-Reason``, URL-decoded; None when there is none.

    Raises:
        ApiError: 50035 when it is longer than 512 characters.
    """
    reason = unquote(header or "").strip()
    form = Form()
    form.text(("reason",), reason, most=_MOST_REASON)
    form.finish()
    return reason or None


def internal_error() -> ApiError:
    """The last resort: a bug of the local Discord, answered as Discord answers its own."""
    return ApiError(500, 0, "500: Internal Server Error")
