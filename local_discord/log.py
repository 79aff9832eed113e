"""The record of everything that crossed the sockets, in order."""

import json
import secrets
import time
from collections import deque
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from local_discord.world.clock import Clock
from local_discord.world.kinds import JSON

_MOST_ENTRIES: Final = 200_000

#: So many of the latest are kept as they are. The others are text: an entry is hundreds of objects, and with
#: a hundred thousand the interpreter would stop everything for seconds, looking for garbage among them.
_AS_OBJECTS: Final = 1_000


class Log:
    """Entries are JSON objects ``{seq, kind, monotonic_s, wall, at, ...}``; past a limit the oldest go.

    *wall* is this machine's time, *at* the local Discord's, which may have been moved.

    *kind* is ``rest`` (one exchange, written when it ended), ``gateway`` (one frame) or ``fault`` (written
    when an injected fault was applied).
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.run = secrets.token_hex(4)  # numbers begin anew in each process: whose they are
        self._older: deque[str] = deque(maxlen=_MOST_ENTRIES - _AS_OBJECTS)
        self._latest: deque[JSON] = deque()
        self.next = 0

    def add(self, kind: str, fields: JSON) -> JSON:
        """Append an entry; returns it."""
        entry = {
            "seq": self.next,
            "kind": kind,
            "monotonic_s": time.monotonic(),
            "wall": datetime.now(UTC).isoformat(),
            "at": self._clock.iso(),
            **fields,
        }
        self._latest.append(entry)
        self.next += 1
        if len(self._latest) > _AS_OBJECTS:
            self._older.append(json.dumps(self._latest.popleft()))
        return entry

    def since(self, seq: int) -> list[JSON]:
        """Every kept entry whose number is *seq* or higher."""
        latest = self.next - len(self._latest)
        oldest = latest - len(self._older)
        first = min(max(seq, oldest), self.next)
        if first >= latest:
            return list(islice(self._latest, first - latest, None))
        return [*map(json.loads, islice(self._older, first - oldest, None)), *self._latest]
