"""Requests on disk while the database cannot take them: a file each, in a folder of DATA_DIR."""

import os
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

T = TypeVar("T")

_ASIDE: Final = ".aside"


#: Requests on disk, and bytes of them, at most; beyond this the sender is asked to come again.
MOST_KEPT: Final = 10_000
MOST_BYTES: Final = 100_000_000


@dataclass(frozen=True, slots=True)
class KeptRequest(Generic[T]):
    """A request on disk; `name` sorts by the order in which they were kept."""

    name: str
    value: T


class RequestSpool(Generic[T]):
    """Keeps requests on disk. Its methods block, raise OSError, and may be called by any thread.

    Processes that share a folder share what is in it. A spool reads the folder when it is made, and when it
    knows of nothing more; not for each request, or ten thousand of them would take minutes.

    Args:
        folder: Created if missing, readable by the owner only, since it holds what monitors say.
        encode: Returns the bytes of a file.
        decode: Reads them; what it raises (ValueError, KeyError, TypeError) sets the file aside.
        most: Requests, and bytes of their files, at most.
    """

    def __init__(
        self,
        folder: Path,
        encode: Callable[[T], bytes],
        decode: Callable[[bytes], T],
        *,
        most: int = MOST_KEPT,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._folder = folder
        self._encode = encode
        self._decode = decode
        self._most = most
        self._most_bytes = most_bytes
        self._last = 0
        self._sizes: dict[str, int] = {}  # bytes by name, the oldest first
        self._lock = threading.RLock()
        self._look()

    @property
    def count(self) -> int:
        """Return how many are kept, as of the last call of another method."""
        return len(self._sizes)

    def keep(self, value: T) -> None:
        """Keep *value*: after this returns, not even a loss of power loses it."""
        data = self._encode(value)
        with self._lock:
            if self.count >= self._most or self._bytes + len(data) > self._most_bytes:
                raise OSError("too many requests are kept")
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
            self._sizes[path.name] = len(data)
            self._bytes += len(data)

    def oldest(self, limit: int, *, after: str = "") -> Sequence[KeptRequest[T]]:
        """Return the oldest requests behind the one named *after*, at most *limit*."""
        with self._lock:
            if not (found := self._known(limit, after=after)):
                self._look()
                found = self._known(limit, after=after)
            return found

    def drop(self, names: Collection[str]) -> None:
        """Forget the requests of these names."""
        with self._lock:
            for name in names:
                (self._folder / name).unlink(missing_ok=True)
                self._forget(name)
            if names:
                self._sync()
            if not self._sizes:
                self._look()

    def set_aside(self, name: str) -> None:
        """Leave the request of that name to a person: it is returned no more."""
        with self._lock:
            path = self._folder / name
            path.replace(path.with_suffix(_ASIDE))
            self._forget(name)

    def _read(self, name: str) -> T | None:
        """Return the request in a file; None if it is gone, or unreadable: then it is set aside."""
        try:
            return self._decode((self._folder / name).read_bytes())
        except FileNotFoundError:  # another process has stored it
            self._forget(name)
            return None
        except (ValueError, KeyError, TypeError) as error:
            self._tell_unreadable(name, error)
            self.set_aside(name)
            return None

    def _tell_unreadable(self, name: str, error: Exception) -> None:
        """Log that the file *name* cannot be read."""
        raise NotImplementedError

    def _known(self, limit: int, *, after: str) -> list[KeptRequest[T]]:
        found: list[KeptRequest[T]] = []
        for name in [name for name in self._sizes if name > after]:
            if len(found) == limit:
                break
            if (value := self._read(name)) is not None:
                found.append(KeptRequest(name, value))
        return found

    def _forget(self, name: str) -> None:
        self._bytes -= self._sizes.pop(name, 0)

    def _look(self) -> None:
        """Read which files are in the folder."""
        sizes = {}
        for path in sorted(self._folder.glob("*.json")):
            with suppress(FileNotFoundError):  # another process has stored it
                sizes[path.name] = path.stat().st_size
        self._sizes, self._bytes = sizes, sum(sizes.values())

    def _sync(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
