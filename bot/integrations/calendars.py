"""iCalendar files, read and written in a process of its own: `bot.integrations.ical_worker`."""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from bot.domain.errors import BotError
from bot.integrations.worker_process import run_worker

log = structlog.get_logger(__name__)

#: Seconds that a file may take: a usual one takes half a second, most of it for the start of Python.
DEADLINE_S: Final = 10.0

_WORKER: Final = "bot.integrations.ical_worker"
_HANDLE: Final = re.compile(r"[a-z0-9_.]{2,32}", re.ASCII)


class UnusableCalendar(BotError):
    """A file is no iCalendar, or takes too long to read.

    Attributes:
        is_slow: It takes too long.
    """

    def __init__(self, *, is_slow: bool = False) -> None:
        super().__init__("takes too long to read" if is_slow else "is not iCalendar")
        self.is_slow = is_slow


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """One occurrence of an event of an imported calendar.

    Attributes:
        starts, ends: Aware; starts < ends.
        summary: As written.
        categories: As written; our own exports put the place here.
        attendees: Mail addresses and names of who takes part.
        handle: Of the person, when the calendar is one of our exports.
        is_free: It does not make the person busy.
        is_private: Its words are its owner's alone.
    """

    starts: datetime
    ends: datetime
    summary: str
    categories: tuple[str, ...] = ()
    attendees: tuple[str, ...] = ()
    handle: str | None = None
    is_free: bool = False
    is_private: bool = False


class CalendarWorker:
    """Reads and writes calendars, one process each.

    Args:
        timezone: IANA name; where times without a zone, and whole days, are read.
    """

    def __init__(self, timezone: str, *, deadline_s: float = DEADLINE_S) -> None:
        self._timezone = timezone
        self._deadline_s = deadline_s

    async def read(self, data: bytes, *, start: datetime, end: datetime, most: int) -> list[CalendarEvent]:
        """Return the events from *start* to *end*, recurring ones expanded, in order of their start.

        Cancelled events are left out.

        Raises:
            UnusableCalendar: it is no calendar, or takes too long to read.
        """
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise UnusableCalendar from None
        request = {
            "text": text,
            "start": start.isoformat(),
            "end": end.isoformat(),
            "timezone": self._timezone,
            "most": most,
        }
        answer = await self._work("read", request)
        return [_event(each) for each in answer["events"]]

    async def write(self, events: Sequence[Mapping[str, object]], *, name: str) -> bytes:
        """Return a calendar of *events*, each with what the worker's `write` takes.

        Raises:
            UnusableCalendar: it takes too long.
        """
        request = {
            "name": name,
            "timezone": self._timezone,
            "stamp": datetime.now(UTC).isoformat(timespec="seconds"),
            "events": events,
        }
        return str((await self._work("write", request))["text"]).encode()

    async def _work(self, verb: str, request: Mapping[str, object]) -> Any:  # noqa: ANN401  # JSON
        data = json.dumps(request).encode()
        try:
            async with asyncio.timeout(self._deadline_s):
                returncode, answer = await run_worker("-m", _WORKER, verb, work=data)
        except TimeoutError:
            raise UnusableCalendar(is_slow=True) from None
        if returncode != 0:
            log.info("calendar.refused", verb=verb, returncode=returncode)
            raise UnusableCalendar(is_slow=returncode != 1)  # else it has met its own bounds
        return json.loads(answer)


def _event(event: Mapping[str, Any]) -> CalendarEvent:
    handle = event["handle"]
    return CalendarEvent(
        starts=datetime.fromisoformat(event["starts"]),
        ends=datetime.fromisoformat(event["ends"]),
        summary=event["summary"],
        categories=tuple(event["categories"]),
        attendees=tuple(event["attendees"]),
        handle=handle if handle is not None and _HANDLE.fullmatch(handle) else None,
        is_free=event["is_free"],
        is_private=event["is_private"],
    )
