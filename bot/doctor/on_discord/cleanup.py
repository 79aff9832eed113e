"""Removal of everything that a run has made in the server, even when the run fails."""

import asyncio
from http import HTTPStatus
from typing import Final

from bot.doctor.on_discord.api import Api, DiscordRefused

_EACH_S: Final = 30.0


class CleanUp:
    """The requests that remove what a run has made; the last one queued runs first."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._requests: list[tuple[str, str]] = []

    def later(self, method: str, path: str) -> None:
        """Queue this request for the end of the run; a request that is queued already is not queued again."""
        if (method, path) not in self._requests:
            self._requests.append((method, path))

    async def run(self) -> tuple[int, list[str]]:
        """Make all queued requests. Return how many there were, and one line for each that failed.

        A 404 is no failure: deleting a thread also deletes its messages.
        """
        count, left = len(self._requests), []
        while self._requests:
            method, path = self._requests.pop()
            try:
                async with asyncio.timeout(_EACH_S):
                    answer = await self._api.ask(method, path)
                    if answer.status != HTTPStatus.NOT_FOUND:
                        answer.good()
            except (DiscordRefused, TimeoutError) as error:
                left.append(str(error) or f"{method} {path}: no answer within {_EACH_S:g} s")
        return count, left
