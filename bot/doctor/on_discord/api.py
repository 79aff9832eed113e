"""Discord's HTTP API as a trial needs it: one request, and all of its answer, refusals included.

The bot's own client (`bot.ui.discord_api.client`) turns answers into two errors and waits for rate limits.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Self, TypeAlias

import aiohttp

from bot.integrations.proxy import EgressProxy

JSON: TypeAlias = dict[str, Any]

_DEADLINE_S: Final = 15.0
_LONGEST_WAIT_S: Final = 10.0
_REPEATS: Final = 5
_AGENT: Final = "DiscordBot (https://discord.com/developers, 1)"
_TOLD: Final = 160


class DiscordRefused(Exception):
    """Discord, or the way to it, did not do what was asked. The text is one line without secrets."""


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """Discord's answer to one request.

    Attributes:
        what: The request, without tokens.
        body: The JSON; None when there is none.
        took_s: Seconds from the request to the end of the answer.
    """

    what: str
    status: int
    headers: Mapping[str, str]
    body: Any
    took_s: float

    @property
    def code(self) -> int:
        """Return the error code in Discord's refusal; 0 when there is none."""
        is_refusal = self.status >= HTTPStatus.BAD_REQUEST and isinstance(self.body, dict)
        return int(self.body.get("code") or 0) if is_refusal else 0

    @property
    def outcome(self) -> str:
        """Return the status, with Discord's error code if it refused: "404 10008"."""
        return f"{self.status} {self.code}" if self.code else str(self.status)

    def good(self) -> Self:
        """Return this answer if Discord accepted the request.

        Raises:
            DiscordRefused: it did not.
        """
        if self.status < HTTPStatus.BAD_REQUEST:
            return self
        message = str(self.body.get("message", "")) if isinstance(self.body, dict) else "no JSON"
        raise DiscordRefused(f"{self.what}: {self.outcome} {message}"[:_TOLD].rstrip())


class Api:
    """Requests of one bot.

    Args:
        base: The API's address, with its version.
        proxy: Between here and Discord; its credentials are never told.
    """

    def __init__(
        self, session: aiohttp.ClientSession, *, base: str, token: str, proxy: EgressProxy | None = None
    ) -> None:
        self.session = session
        self.base = base.rstrip("/")
        self.token = token
        self.proxy = None if proxy is None else proxy.with_credentials
        self.way = "direct" if proxy is None else proxy.shown

    async def ask(
        self,
        method: str,
        path: str,
        *,
        json: JSON | None = None,
        params: Mapping[str, str] | None = None,
        is_patient: bool = True,
    ) -> ApiAnswer:
        """Make a request, again when Discord asks for a short wait.

        Args:
            path: Below the base: "/users/@me".
            is_patient: False: a 429 is an answer as any other.

        Raises:
            DiscordRefused: there was no answer.
        """
        for _ in range(_REPEATS):
            answer = await self._once(method, path, json, params)
            wait_s = _wait_s(answer)
            if not is_patient or wait_s is None or wait_s > _LONGEST_WAIT_S:
                return answer
            await asyncio.sleep(wait_s)
        return answer

    async def get(self, path: str, **params: str) -> Any:  # noqa: ANN401 -- a JSON value
        """Return the JSON at *path*.

        Raises:
            DiscordRefused: it cannot be read.
        """
        return (await self.ask("GET", path, params=params)).good().body

    async def post(self, path: str, json: JSON) -> JSON:
        """Create a message or a thread at *path*, and return it.

        Raises:
            DiscordRefused: it was not created.
        """
        body = (await self.ask("POST", path, json=json)).good().body
        if not isinstance(body, dict) or "id" not in body:
            raise DiscordRefused(f"POST {_shown(path)}: the answer is no object of Discord's")
        return body

    async def _once(
        self, method: str, path: str, json: JSON | None, params: Mapping[str, str] | None
    ) -> ApiAnswer:
        what, began = f"{method} {_shown(path)}", time.monotonic()
        try:
            async with self.session.request(
                method,
                self.base + path,
                json=json,
                params=params,
                headers={"Authorization": f"Bot {self.token}", "User-Agent": _AGENT},
                proxy=self.proxy,
                timeout=aiohttp.ClientTimeout(total=_DEADLINE_S),
            ) as response:
                body = await response.json() if "json" in response.headers.get("Content-Type", "") else None
                return ApiAnswer(what, response.status, response.headers, body, time.monotonic() - began)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise DiscordRefused(f"{what}: no answer ({type(error).__name__})") from None


def _wait_s(answer: ApiAnswer) -> float | None:
    """Return how long Discord asks to wait, or None."""
    if answer.status != HTTPStatus.TOO_MANY_REQUESTS or answer.body is None:
        return None
    try:
        return float(answer.headers["Retry-After"])
    except (KeyError, ValueError):
        return None


def _shown(path: str) -> str:
    """Return *path* for a log; an interaction's path is cut before its token."""
    return "/interactions/..." if path.startswith("/interactions/") else path
