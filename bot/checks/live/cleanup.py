"""What a run has made in somebody's server, to be removed whatever happens."""

import asyncio
from http import HTTPStatus
from typing import Final

from bot.checks.live.api import Api, Refused

_EACH_S: Final = 30.0


class CleanUp:
    """The requests that undo what was done, the last one first."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._requests: list[tuple[str, str]] = []

    def later(self, method: str, path: str) -> None:
        """Make this request at the end, once."""
        if (method, path) not in self._requests:
            self._requests.append((method, path))

    async def run(self) -> tuple[int, list[str]]:
        """Make them all; how many there were, and what could not be removed and why.

        What is gone already is well. A thread takes its messages with it.
        """
        count, left = len(self._requests), []
        while self._requests:
            method, path = self._requests.pop()
            try:
                async with asyncio.timeout(_EACH_S):
                    answer = await self._api.ask(method, path)
                    if answer.status != HTTPStatus.NOT_FOUND:
                        answer.good()
            except (Refused, TimeoutError) as error:
                left.append(str(error) or f"{method} {path}: no answer within {_EACH_S:g} s")
        return count, left
