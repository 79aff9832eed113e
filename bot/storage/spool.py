"""The file that replaces the database while it is away: one per guild and process of a DATA_DIR."""

import fcntl
import json
import os
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import structlog

log = structlog.get_logger(__name__)

NAME: Final = "emergency"

#: Processes on one DATA_DIR, which an embedded PostgreSQL makes them share.
_MOST: Final = 64


class FileSpool:
    """Writes a new file beside the old one, flushes it to disk, then replaces the old one with it.

    Args:
        folder: Created if missing, readable by the owner only, since it holds titles of incidents.

    The first process takes the first file, the next one the second. A process that ends leaves its file to
    the next that starts, which takes the file that was written last.
    """

    def __init__(self, folder: Path, guild_id: int) -> None:
        self._folder = folder
        self._stem = f"{NAME}-{guild_id}"
        self._own: Path | None = None

    @property
    def is_there(self) -> bool:
        """Return True if any process has saved anything."""
        return any(path.exists() for path in self._paths())

    @property
    def _path(self) -> Path:
        if self._own is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._own = self._take()
        return self._own

    def _paths(self) -> Iterator[Path]:
        yield self._folder / f"{self._stem}.json"
        yield from (self._folder / f"{self._stem}-{number}.json" for number in range(1, _MOST))

    def _take(self) -> Path:
        """Lock and return a file that no running process holds: the one written last, else a new one."""
        for path in sorted(self._paths(), key=_written_at, reverse=True):
            if self._lock(path):
                return path
        raise OSError(f"more than {_MOST} processes in {self._folder.name}")

    def _lock(self, path: Path) -> bool:
        """Lock the file at *path* for the life of this object; return False if another process holds it."""
        lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        weakref.finalize(self, os.close, lock)
        return True

    def load(self) -> Mapping[str, object] | None:
        return self._read(self._path)

    def load_others(self) -> Mapping[str, object] | None:
        others = [path for path in self._paths() if path != self._path and path.exists()]
        return self._read(max(others, key=_written_at)) if others else None

    def _read(self, path: Path) -> Mapping[str, object] | None:
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.error("emergency.spool_unreadable", error=type(error).__name__)  # noqa: TRY400 -- no bug of ours
            return None
        if isinstance(kept, dict):
            return kept
        log.error("emergency.spool_unreadable", error="not an object")
        return None

    def save(self, data: bytes) -> None:
        fresh = self._path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the new name, too
        finally:
            os.close(folder)


def _written_at(path: Path) -> float:
    """Return when the file was last written, as a Unix time; 0 if it does not exist."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
