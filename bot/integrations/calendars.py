"""`bot.services.ports.oncall.Calendars` by a short-lived process; see `bot.integrations.ical_worker`."""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from bot.domain.errors import UserError
from bot.integrations.worker_process import run_worker
from bot.services.ports.oncall import CalendarEvent, PlacedShift

log = structlog.get_logger(__name__)

#: Seconds that a file may take: a usual one takes half a second, most of it for the start of Python.
DEADLINE_S: Final = 10.0

_WORKER: Final = "bot.integrations.ical_worker"
_HANDLE: Final = re.compile(r"[a-z0-9_.]{2,32}", re.ASCII)


class WorkerCalendars:
    """Reads and writes calendars, one process each.

    Args:
        timezone: IANA name; where times without a zone are read.
    """

    def __init__(self, timezone: str, *, deadline_s: float = DEADLINE_S) -> None:
        self._timezone = timezone
        self._deadline_s = deadline_s

    async def read(self, data: bytes, *, start: datetime, end: datetime, most: int) -> list[CalendarEvent]:
        """Return the events from *start* to *end*, recurring ones expanded, in order of their start.

        Raises:
            UserError: it is no calendar, or takes too long to read.
        """
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise UserError("oncall_file_unreadable") from None
        asked = {
            "text": text,
            "start": start.isoformat(),
            "end": end.isoformat(),
            "timezone": self._timezone,
            "most": most,
        }
        answer = await self._work("read", asked)
        return [_event(each) for each in answer["events"]]

    async def write(self, shifts: Sequence[PlacedShift], *, name: str) -> bytes:
        """Return a calendar of *shifts*."""
        asked = {
            "name": name,
            "timezone": self._timezone,
            "stamp": datetime.now(UTC).isoformat(timespec="seconds"),
            "events": [_written(each) for each in shifts],
        }
        return str((await self._work("write", asked))["text"]).encode()

    async def _work(self, verb: str, asked: Mapping[str, object]) -> Any:  # noqa: ANN401  # JSON
        data = json.dumps(asked).encode()
        try:
            async with asyncio.timeout(self._deadline_s):
                returncode, said = await run_worker("-m", _WORKER, verb, asked=data)
        except TimeoutError:
            raise UserError("oncall_file_slow") from None
        if returncode != 0:
            log.info("calendar.refused", verb=verb, returncode=returncode)
            if returncode == 1:
                raise UserError("oncall_file_unreadable")
            raise UserError("oncall_file_slow")  # it has met its own bounds
        return json.loads(said)


def _event(told: Mapping[str, Any]) -> CalendarEvent:
    handle = told["handle"]
    return CalendarEvent(
        starts=datetime.fromisoformat(told["starts"]),
        ends=datetime.fromisoformat(told["ends"]),
        summary=told["summary"],
        categories=tuple(told["categories"]),
        attendees=tuple(told["attendees"]),
        handle=handle if handle is not None and _HANDLE.fullmatch(handle) else None,
    )


def _written(placed: PlacedShift) -> dict[str, object]:
    person = placed.person
    return {
        "uid": placed.uid,
        "place": placed.place,
        "summary": f"{placed.place}: {person.name}",
        "handle": person.handle,
        "starts": placed.shift.starts.isoformat(),
        "ends": placed.shift.ends.isoformat(),
    }
