"""Send JSON over HTTP to the human side of a local Discord."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

import aiohttp

from local_discord.client.screen import JSON

ANSWER_S: Final = 30.0  # a command's answer, its deferral included
EVENT_S: Final = 30.0

_PATIENCE: Final = aiohttp.ClientTimeout(
    total=None, sock_connect=ANSWER_S + EVENT_S, sock_read=ANSWER_S + EVENT_S
)


class HumanSideError(RuntimeError):
    """Raised when the local Discord answers with an error status: the message has the call and the reason.

    What Discord's own client would refuse is refused before anything reaches the bot.
    """


class Line:
    """Sends requests to the human side at *base_url*. Use it with ``async with``, which closes it.

    Args:
        base_url: For example ``http://127.0.0.1:8080/_human``.
        headers: Sent with each request.
    """

    _http: aiohttp.ClientSession

    def __init__(self, base_url: str, *, headers: Mapping[str, str] | None = None) -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = headers

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            headers=self._headers, timeout=_PATIENCE, cookie_jar=aiohttp.DummyCookieJar()
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    async def _post(self, path: str, body: Mapping[str, object]) -> JSON:
        return dict(await self._request("POST", path, body))

    async def _request(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401 -- JSON
        async with self._http.request(method, f"{self._base_url}/{path}", json=body) as response:
            if not response.ok:
                raise HumanSideError(f"{method} {path}: {await response.text()}")
            return await response.json()
