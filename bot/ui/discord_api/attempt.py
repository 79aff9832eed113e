"""What came of one request to Discord: its last answer, and what a refusal means."""

import asyncio
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from types import SimpleNamespace
from typing import Final

import aiohttp
import discord

from bot.domain.errors import DeliveryRefused, TemporarilyRefused, UpstreamUnavailable
from bot.ui.discord_api.gate import Gate

_REASON_LIMIT = 200
_BAN = "HTTP 429 without JSON"
_BAN_S = 10.0

#: Refusals that pass: direct messages opened too fast, no messages to this user for now, a feature switched
#: off for now, and an action that the channel's slow mode delays.
_PASSING: Final = frozenset({40003, 40004, 40006, 20029})

_LONG_S = 5.0  # a shorter wait for everybody is ordinary, and discord.py sits it out

#: A 429 that asks for longer than this ends the attempt: the queue waits better than a handler does.
PATIENCE_S = 1.0


@dataclass(slots=True)
class RequestAttempt:
    """The last answer to a request, kept in case our deadline cuts off discord.py's retries."""

    gate: Gate
    deadline: asyncio.Timeout | None = None
    headers: Mapping[str, str] | None = None
    status: int | None = None
    retry_after_s: float | None = None
    is_for_all: bool = False

    def note(self, response: aiohttp.ClientResponse) -> None:
        """Keep an answer; discord.py may be about to sleep because of it."""
        self.headers, self.status = response.headers, response.status
        self.retry_after_s = _seconds(response.headers.get("Retry-After"))
        self.is_for_all = response.headers.get("X-RateLimit-Global", "").lower() == "true"
        if response.status != HTTPStatus.TOO_MANY_REQUESTS or self.retry_after_s is None:
            return
        if not _is_json(response.headers):
            return  # a ban, which discord.py raises at once
        if self.is_for_all:
            self.gate.pause(self.retry_after_s)
        if self.retry_after_s > PATIENCE_S and self.deadline is not None and not self.deadline.expired():
            self.deadline.reschedule(asyncio.get_running_loop().time())


current_attempt: ContextVar[RequestAttempt | None] = ContextVar("attempt", default=None)


def answer_trace() -> aiohttp.TraceConfig:
    """Return a trace for ``discord.Client(..., http_trace=...)`` that lets a missed deadline name its status.

    Without it everything works, but a series of 502s is reported as a time-out without a status.
    """
    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(_note)
    return trace


async def _note(
    _session: aiohttp.ClientSession, _context: SimpleNamespace, end: aiohttp.TraceRequestEndParams
) -> None:
    attempt = current_attempt.get()
    if attempt is not None:
        attempt.note(end.response)


def translated(error: discord.HTTPException) -> DeliveryRefused | UpstreamUnavailable:
    status = error.status
    retry_after_s = _seconds(error.response.headers.get("Retry-After"))
    if status == HTTPStatus.TOO_MANY_REQUESTS and not _is_json(error.response.headers):
        return UpstreamUnavailable(_BAN, http_status=status, retry_after_s=retry_after_s)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        return UpstreamUnavailable(f"HTTP {status}", http_status=status, retry_after_s=retry_after_s)
    if not _is_json(error.response.headers):
        # A proxy's page, not Discord's word on the matter.
        return UpstreamUnavailable(f"HTTP {status} without JSON", http_status=status)
    # First line only: the lines below may quote the message.
    said = " ".join((error.text.splitlines() or [""])[0].split())[:_REASON_LIMIT]
    reason = f"HTTP {status} {error.code} {said}".strip()
    if error.code in _PASSING:
        return TemporarilyRefused(reason, http_status=status, retry_after_s=retry_after_s)
    return DeliveryRefused(reason, http_status=status, code=error.code)


def _is_json(headers: Mapping[str, str]) -> bool:
    return "json" in headers.get("Content-Type", "")


def waits_for_all(away: UpstreamUnavailable, attempt: RequestAttempt) -> float | None:
    """Return how long all requests must wait, seconds; None when the limit is only on this route."""
    if attempt.status != HTTPStatus.TOO_MANY_REQUESTS:
        return None
    asked_s = away.retry_after_s or attempt.retry_after_s or 0.0
    is_ban = away.reason == _BAN
    if is_ban:  # by Cloudflare, of our address; it does not always say for how long
        return max(asked_s, _BAN_S)
    return asked_s if attempt.is_for_all and asked_s >= _LONG_S else None


def with_status(away: UpstreamUnavailable, attempt: RequestAttempt) -> UpstreamUnavailable:
    if away.http_status is not None or attempt.status is None:
        return away
    reason = "rate limited" if attempt.status == HTTPStatus.TOO_MANY_REQUESTS else away.reason
    retry_after_s = away.retry_after_s or attempt.retry_after_s
    return UpstreamUnavailable(reason, http_status=attempt.status, retry_after_s=retry_after_s)


def _seconds(header: str | None) -> float | None:
    try:
        return None if header is None else max(float(header), 0.0)
    except ValueError:
        return None
