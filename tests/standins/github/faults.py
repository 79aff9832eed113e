"""Faults of the stand-in: what GitHub, or the way to it, does instead of answering."""

import asyncio
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from aiohttp import web


class Fault(StrEnum):
    """What happens to a request."""

    BAD_TOKEN = "401"
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    CONFLICT = "409"
    GONE = "410"
    INVALID = "422"
    TOO_MANY = "429"
    BROKEN = "500"
    BAD_GATEWAY = "502"
    AWAY = "503"
    PRIMARY_LIMIT = "primary limit"
    SECONDARY_LIMIT = "secondary limit"
    SECONDARY_LIMIT_UNSAID = "secondary limit, without saying for how long"
    HTML = "html"
    BAD_JSON = "bad json"
    OTHER_JSON = "other json"
    RESET = "reset"
    RESET_AFTER = "reset after it was done"
    SLOW = "slow"
    ELSEWHERE = "redirect to another host"
    CIRCLE = "redirect to itself"


SAID: Final = {
    Fault.BAD_TOKEN: "Bad credentials",
    Fault.FORBIDDEN: "Resource not accessible by personal access token",
    Fault.NOT_FOUND: "Not Found",
    Fault.CONFLICT: "Conflict",
    Fault.GONE: "Issues has been disabled in this repository.",
    Fault.INVALID: "Validation Failed",
    Fault.TOO_MANY: "Too many requests",
    Fault.BROKEN: "Server Error",
    Fault.BAD_GATEWAY: "Bad Gateway",
    Fault.AWAY: "Service unavailable",
}

#: How long limits last in the stand-in, seconds.
LIMIT_S: Final = 30

_PRIMARY: Final = "API rate limit exceeded for user ID 1."
_SECONDARY: Final = "You have exceeded a secondary rate limit. Please wait a few minutes."


@dataclass(slots=True)
class Rule:
    """Which requests a fault happens to.

    Attributes:
        asked: A regular expression for "METHOD /path" below the repository.
        times: How many more; None for all.
        release: Ends what is slow.
    """

    fault: Fault
    asked: str = ".*"
    times: int | None = None
    release: asyncio.Event = field(default_factory=asyncio.Event)

    def takes(self, request: str) -> bool:
        """Return True if the fault happens to this request, and count it."""
        if self.times == 0 or re.fullmatch(self.asked, request) is None:
            return False
        if self.times is not None:
            self.times -= 1
        return True


def error(status: int, message: str, **more: object) -> web.Response:
    """An error as GitHub writes it."""
    body = {
        "message": message,
        "documentation_url": "https://docs.github.com/rest",
        "status": str(status),
        **more,
    }
    return web.json_response(body, status=status)


async def answer(rule: Rule, request: web.Request) -> web.StreamResponse:
    """Do what *rule* says instead of answering."""
    if rule.fault is Fault.SLOW:
        await rule.release.wait()
    if rule.fault in (Fault.SLOW, Fault.RESET, Fault.RESET_AFTER):
        return reset(request)
    return _limit(rule.fault) or _strange(rule.fault, request) or error(int(rule.fault), SAID[rule.fault])


def _limit(fault: Fault) -> web.Response | None:
    """Return the refusal for a rate limit."""
    match fault:
        case Fault.PRIMARY_LIMIT:
            refused = error(403, _PRIMARY)
            refused.headers["x-ratelimit-remaining"] = "0"
            return refused
        case Fault.SECONDARY_LIMIT:
            refused = error(403, _SECONDARY)
            refused.headers["retry-after"] = str(LIMIT_S)
            return refused
        case Fault.SECONDARY_LIMIT_UNSAID:
            return error(403, _SECONDARY)
    return None


def _strange(fault: Fault, request: web.Request) -> web.Response | None:
    """Return what GitHub itself would not answer."""
    match fault:
        case Fault.HTML:
            return web.Response(text="<html>Sign in to this network</html>", content_type="text/html")
        case Fault.BAD_JSON:
            return web.Response(text='{"number": ', content_type="application/json")
        case Fault.OTHER_JSON:
            return web.json_response({"hello": "world"})
        case Fault.ELSEWHERE:
            return web.Response(status=301, headers={"Location": "http://127.0.0.2:9/repos"})
        case Fault.CIRCLE:
            return web.Response(status=307, headers={"Location": str(request.url)})
    return None


def reset(request: web.Request) -> web.StreamResponse:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
