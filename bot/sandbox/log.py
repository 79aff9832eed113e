"""The record of everything that crossed the sockets, in order."""

import secrets
import time
from datetime import UTC, datetime
from itertools import islice

from bot.sandbox.kinds import JSON

_MOST_ENTRIES = 200_000


class Log:
    """Entries are JSON objects ``{seq, kind, monotonic_s, wall, ...}``; past a limit the oldest go.

    *kind* is ``rest`` (one exchange, written when it ended), ``gateway`` (one frame) or ``fault`` (written
    when an injected fault was applied).
    """

    def __init__(self) -> None:
        self.run = secrets.token_hex(4)  # numbers begin anew in each process: whose they are
        self._entries: list[JSON] = []
        self.next = 0

    def add(self, kind: str, fields: JSON) -> JSON:
        """Append an entry; returns it."""
        entry = {
            "seq": self.next,
            "kind": kind,
            "monotonic_s": time.monotonic(),
            "wall": datetime.now(UTC).isoformat(),
            **fields,
        }
        self._entries.append(entry)
        self.next += 1
        if len(self._entries) > _MOST_ENTRIES:
            del self._entries[: _MOST_ENTRIES // 10]
        return entry

    def since(self, seq: int) -> list[JSON]:
        """Every kept entry whose number is *seq* or higher."""
        first = self.next - len(self._entries)
        return list(islice(self._entries, max(0, min(seq, self.next) - first), None))
