"""One request to Discord: raw JSON, our own deadline, and every way it can go wrong as one of two errors.

discord.py waits for rate limits by itself, repeats 500, 502, 504 and 524 with pauses of its own, and raises
503, resets and unreadable answers at once. All of that is bounded here.
"""

import asyncio
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any, TypeAlias

import aiohttp
import discord
from discord.http import Route

from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.ui.rest.circuit import Circuit

DEADLINE_S = 10.0

#: A JSON object of Discord's.
Payload: TypeAlias = Mapping[str, object]

_REASON_LIMIT = 200
_BAN = "HTTP 429 without JSON"
_BAN_S = 10.0
_LONG_S = 5.0  # a shorter wait for everybody is ordinary, and discord.py sits it out


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came back last, kept for the case that our deadline ends discord.py's repeats."""

    status: int
    retry_after_s: float | None
    is_for_all: bool = False


_answer: ContextVar[list[_Answer] | None] = ContextVar("answer", default=None)


def answer_trace() -> aiohttp.TraceConfig:
    """For ``discord.Client(..., http_trace=...)``: lets a missed deadline say which status was in its way.

    Without it everything works, but a row of 502s is told as a time-out without a status.
    """
    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(_note)
    return trace


async def _note(
    _session: aiohttp.ClientSession, _context: SimpleNamespace, end: aiohttp.TraceRequestEndParams
) -> None:
    answers = _answer.get()
    if answers is not None:
        headers = end.response.headers
        is_for_all = headers.get("X-RateLimit-Global", "").lower() == "true"
        answers[:] = [_Answer(end.response.status, _seconds(headers.get("Retry-After")), is_for_all)]


class Rest:
    """Discord's HTTP API through a client that has logged in.

    Args:
        circuit: Of the process: knows when Discord is away, and lets nobody ask then but a probe.
    """

    def __init__(
        self, client: discord.Client, *, deadline_s: float = DEADLINE_S, circuit: Circuit | None = None
    ) -> None:
        self._client = client
        self._deadline_s = deadline_s
        self._circuit = circuit or Circuit()

    @property
    def own_id(self) -> int | None:
        """The bot's own user id, once it has logged in."""
        return None if self._client.user is None else self._client.user.id

    async def one(
        self, route: Route, *, json: Payload | None = None, params: Payload | None = None
    ) -> Payload:
        """The JSON object that *route* answers.

        Raises:
            DeliveryRefused: a 4xx that no repeat will change.
            UpstreamUnavailable: anything else than the object; whether the request took effect is unknown.
            DiscordAway: the same, and nobody gets an answer. Perhaps it was not even asked.
        """
        answer = await self._ask(route, json=json, params=params)
        if not isinstance(answer, dict):
            raise UpstreamUnavailable("unreadable answer: no JSON object")
        return answer

    async def many(self, route: Route, *, params: Payload | None = None) -> list[Payload]:
        """The JSON array of objects that *route* answers. Raises as `one`."""
        answer = await self._ask(route, params=params)
        if not isinstance(answer, list) or not all(isinstance(item, dict) for item in answer):
            raise UpstreamUnavailable("unreadable answer: no JSON array")
        return answer

    async def do(self, route: Route) -> None:
        """A request that answers 204. Raises as `one`."""
        await self._ask(route)

    async def _ask(
        self, route: Route, *, json: Payload | None = None, params: Payload | None = None
    ) -> object:
        if self._client.is_closed():
            raise UpstreamUnavailable("the Discord client is not logged in any more")
        given = {name: value for name, value in (("json", json), ("params", params)) if value is not None}
        answers: list[_Answer] = []
        token = _answer.set(answers)
        asking = self._circuit.admit(reads=route.method == "GET")
        try:
            answer = await self._within_deadline(route, given)
        except DeliveryRefused:
            asking.answered()
            raise
        except UpstreamUnavailable as away:
            raise asking.failed(_with_status(away, answers), for_all_s=_for_all(away, answers)) from away
        finally:
            _answer.reset(token)
        asking.answered()
        return answer

    async def _within_deadline(self, route: Route, given: dict[str, Any]) -> object:
        if self._client.http.token is None:
            raise UpstreamUnavailable("the Discord client is not logged in")
        try:
            async with asyncio.timeout(self._deadline_s):
                answer: object = await self._client.http.request(route, **given)
        except discord.HTTPException as error:
            raise _translated(error) from error
        except discord.RateLimited as error:
            raise UpstreamUnavailable(
                "rate limited", http_status=HTTPStatus.TOO_MANY_REQUESTS, retry_after_s=error.retry_after
            ) from error
        except TimeoutError as error:
            self._reopen()
            raise UpstreamUnavailable(f"no answer within {self._deadline_s:g} s") from error
        except asyncio.CancelledError:
            self._reopen()
            raise
        except ValueError as error:
            raise UpstreamUnavailable("unreadable answer: malformed JSON") from error
        except (aiohttp.ClientError, OSError) as error:
            raise UpstreamUnavailable(f"connection failed: {type(error).__name__}") from error
        except RuntimeError as error:  # aiohttp's word for a session that is being closed
            raise UpstreamUnavailable("the Discord client is closing") from error
        if answer and isinstance(answer, str):
            raise UpstreamUnavailable("unreadable answer: no JSON")  # a page of somebody's in between
        return answer

    def _reopen(self) -> None:
        """Undo what an interrupted wait for the global rate limit leaves behind.

        discord.py 2.7.1 closes a gate for all requests, sleeps, and opens it again without a `finally`:
        cancelled in that sleep, by our deadline for instance, it would stay closed for good. Opened too early
        it costs a few more 429s.
        """
        self._client.http._global_over.set()  # noqa: SLF001  # there is no public way; the version is pinned


def snowflake(payload: Payload, key: str = "id") -> int:
    """The id under *key*.

    Raises:
        UpstreamUnavailable: there is none: not an answer of Discord's.
    """
    try:
        return int(str(payload[key]))
    except (KeyError, ValueError) as error:
        raise UpstreamUnavailable(f"unreadable answer: no {key}") from error


def _translated(error: discord.HTTPException) -> DeliveryRefused | UpstreamUnavailable:
    status = error.status
    retry_after_s = _seconds(error.response.headers.get("Retry-After"))
    if status == HTTPStatus.TOO_MANY_REQUESTS and not _is_json(error):
        return UpstreamUnavailable(_BAN, http_status=status, retry_after_s=retry_after_s)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        return UpstreamUnavailable(f"HTTP {status}", http_status=status, retry_after_s=retry_after_s)
    if not _is_json(error):
        # A proxy's page, not Discord's word on the matter.
        return UpstreamUnavailable(f"HTTP {status} without JSON", http_status=status)
    # First line only: the lines below may quote the message.
    said = " ".join((error.text.splitlines() or [""])[0].split())[:_REASON_LIMIT]
    return DeliveryRefused(f"HTTP {status} {error.code} {said}".strip(), http_status=status, code=error.code)


def _is_json(error: discord.HTTPException) -> bool:
    return "json" in error.response.headers.get("Content-Type", "")


def _for_all(away: UpstreamUnavailable, answers: list[_Answer]) -> float | None:
    """How long everybody is asked to wait, seconds; None when nobody but this request's route is."""
    last = answers[-1] if answers else None
    if last is None or last.status != HTTPStatus.TOO_MANY_REQUESTS:
        return None
    asked_s = away.retry_after_s or last.retry_after_s or 0.0
    is_ban = away.reason == _BAN
    if is_ban:  # by Cloudflare, of our address; it does not always say for how long
        return max(asked_s, _BAN_S)
    return asked_s if last.is_for_all and asked_s >= _LONG_S else None


def _with_status(away: UpstreamUnavailable, answers: list[_Answer]) -> UpstreamUnavailable:
    if away.http_status is not None or not answers:
        return away
    last = answers[-1]
    return UpstreamUnavailable(
        away.reason, http_status=last.status, retry_after_s=away.retry_after_s or last.retry_after_s
    )


def _seconds(header: str | None) -> float | None:
    try:
        return None if header is None else max(float(header), 0.0)
    except ValueError:
        return None
