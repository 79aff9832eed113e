"""Hooks on disk while the database cannot take them: a file each, in a folder of DATA_DIR."""

import base64
import json
import os
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from cogs.hooks.rules import HookRequest, NewHook

log = structlog.get_logger(__name__)

NAME: Final = "hooks"
_ASIDE: Final = ".aside"


#: Hooks on disk, and bytes of them, at most; beyond this the sender is asked to come again.
MOST_KEPT: Final = 10_000
MOST_BYTES: Final = 100_000_000


@dataclass(frozen=True, slots=True)
class KeptHook:
    """A hook on disk; `name` sorts by the order in which they were kept."""

    name: str
    hook: NewHook


class HookSpool:
    """Keeps hooks on disk. Its methods block, and raise OSError.

    Processes that share a folder share the hooks in it.

    Args:
        folder: Created if missing, readable by the owner only, since it holds what monitors say.
        most: Hooks, and bytes of their bodies, at most.
    """

    def __init__(self, folder: Path, *, most: int = MOST_KEPT, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most = most
        self._most_bytes = most_bytes
        self._last = 0
        self._count = self._bytes = 0
        self._recount()

    @property
    def count(self) -> int:
        """Return how many are kept, as of the last call of another method."""
        return self._count

    def keep(self, hook: NewHook) -> None:
        """Keep *hook*: after this returns, not even a loss of power loses it."""
        data = _encoded(hook)
        if self._count >= self._most or self._bytes + len(data) > self._most_bytes:
            raise OSError("too many hooks are kept")
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._last = max(time.time_ns(), self._last + 1)  # their order, whatever the clock does
        path = self._folder / f"{self._last:020d}-{os.getpid()}.json"
        fresh = path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        self._sync()
        self._count, self._bytes = self._count + 1, self._bytes + len(data)

    def oldest(self, limit: int, *, after: str = "") -> Sequence[KeptHook]:
        """Return the oldest hooks behind the one named *after*, at most *limit*."""
        self._recount()
        names = sorted(path.name for path in self._paths() if path.name > after)[:limit]
        return [KeptHook(name, hook) for name in names if (hook := self._read(name)) is not None]

    def drop(self, names: Collection[str]) -> None:
        """Forget the hooks of these names."""
        for name in names:
            (self._folder / name).unlink(missing_ok=True)
        if names:
            self._sync()
        self._recount()

    def set_aside(self, name: str) -> None:
        """Leave the hook of that name to a person: it is returned no more."""
        path = self._folder / name
        path.replace(path.with_suffix(_ASIDE))

    def _read(self, name: str) -> NewHook | None:
        """Return the hook in a file; None if it is gone, or unreadable: then it is set aside."""
        path = self._folder / name
        try:
            return _decoded(path.read_bytes())
        except FileNotFoundError:  # another process has stored it
            return None
        except (ValueError, KeyError, TypeError) as error:
            log.error("hooks.spool_unreadable", file=name, error=type(error).__name__)  # noqa: TRY400 -- no bug of ours
            self.set_aside(name)
            return None

    def _paths(self) -> Iterator[Path]:
        return self._folder.glob("*.json")

    def _recount(self) -> None:
        sizes = []
        for path in self._paths():
            try:
                sizes.append(path.stat().st_size)
            except FileNotFoundError:
                continue
        self._count, self._bytes = len(sizes), sum(sizes)

    def _sync(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _encoded(hook: NewHook) -> bytes:
    kept = {
        "guild_id": hook.guild_id,
        "source": hook.source,
        "delivery_id": hook.delivery_id,
        "headers": dict(hook.request.headers),
        "body": base64.b64encode(hook.request.body).decode(),
        "priority": hook.priority,
        "at": None if hook.at is None else hook.at.isoformat(),
    }
    return json.dumps(kept).encode()


def _decoded(data: bytes) -> NewHook:
    kept = json.loads(data)
    return NewHook(
        guild_id=int(kept["guild_id"]),
        source=str(kept["source"]),
        delivery_id=kept["delivery_id"],
        request=HookRequest(dict(kept["headers"]), base64.b64decode(kept["body"])),
        priority=int(kept["priority"]),
        at=None if kept["at"] is None else datetime.fromisoformat(kept["at"]),
    )
