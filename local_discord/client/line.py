"""The line to the human side of a local Discord: JSON over HTTP."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

import httpx

from local_discord.client.screen import JSON

ANSWER_S: Final = 30.0  # a command's answer, its deferral included
EVENT_S: Final = 30.0


class HumanSideError(RuntimeError):
    """The local Discord refused, as Discord's own client would have: nothing was sent to the bot."""


class Line:
    """Requests to the human side at *base_url*.

    Args:
        headers: Sent with each request.
    """

    def __init__(self, base_url: str, *, headers: Mapping[str, str] | None = None) -> None:
        # `trust_env=False`: a proxy from the environment is not for loopback.
        self._http = httpx.AsyncClient(
            base_url=base_url, timeout=ANSWER_S + EVENT_S, trust_env=False, headers=headers
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def _post(self, path: str, body: Mapping[str, object]) -> JSON:
        return dict(await self._request("POST", path, body))

    async def _request(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401 -- JSON
        response = await self._http.request(method, f"/{path}", json=body)
        if response.is_error:
            raise HumanSideError(f"{method} {path}: {response.text}")
        return response.json()
