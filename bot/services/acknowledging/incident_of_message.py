"""Finds the incidents of a message with a 👀. Thousands may come at once, most of them on other messages."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from cachetools import TTLCache

from bot.domain.incident.incident import Incident
from bot.storage.tables.incidents import IncidentRows

#: How long a message without an incident is not looked up again, seconds. It may still get one, as
#: a monitor's alert that is counted late. A 👀 that is passed over is read again before anyone is paged.
PASSED_OVER_S: Final = 2.0

_MOST: Final = 20_000


class IncidentLookup:
    """Finds the incidents of messages. Look-ups that come while a query runs share the next query.

    Args:
        timer: A monotonic clock, in seconds.
    """

    def __init__(self, rows: IncidentRows, *, timer: Callable[[], float] = time.monotonic) -> None:
        self._rows = rows
        self._none: TTLCache[int, None] = TTLCache(_MOST, PASSED_OVER_S, timer=timer)
        self._asked: dict[int, asyncio.Future[Sequence[Incident]]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def incidents(self, message_id: int, *, is_new: bool) -> Sequence[Incident]:
        """Return the incidents that a 👀 on a message acknowledges; for a bundle several.

        Args:
            is_new: The message is so young that its id may not be stored yet: then nothing is remembered.

        Raises:
            StorageUnavailable.
        """
        if message_id in self._none:
            return ()
        future = self._asked.get(message_id)
        if future is None:
            future = self._asked[message_id] = asyncio.get_running_loop().create_future()
            if self._asking is None:
                self._asking = asyncio.create_task(self._ask())
        found = await asyncio.shield(future)
        if not found and not is_new:
            self._none[message_id] = None
        return found

    async def _ask(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked, {}
                try:
                    found = await self._rows.incidents_by_messages(list(asked))
                except BaseException as error:
                    _fail(asked.values(), error)
                    if not isinstance(error, Exception):
                        raise
                else:
                    for message_id, future in asked.items():
                        _answer(future, found.get(message_id, ()))
        finally:
            self._asking = None
            _fail(self._asked.values(), asyncio.CancelledError())


def _answer(future: asyncio.Future[Sequence[Incident]], incidents: Sequence[Incident]) -> None:
    if not future.done():
        future.set_result(incidents)


def _fail(futures: Iterable[asyncio.Future[Sequence[Incident]]], error: BaseException) -> None:
    for future in futures:
        if not future.done():
            if isinstance(error, Exception):
                future.set_exception(error)
                future.exception()  # the task that asked may have ended
            else:
                future.cancel()
