"""The folders of an embedded server: its socket's place, its lock, and which process works in it."""

import hashlib
import os
import sys
import tempfile
from pathlib import Path

if sys.platform != "win32":
    import fcntl

SOCKET = ".s.PGSQL.5432"
_SOCKET_PATH_MAX = 100  # sun_path holds 108 bytes on Linux and 104 on macOS


def socket_folder(root: Path) -> Path:
    """Return *root*, or another folder if its path is too long for a socket or reads as a list."""
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    name = f"incident-bot-{os.geteuid()}-{digest}"
    # TMPDIR may be as long as *root*; /tmp never is.
    return next(filter(_suits_a_socket, (root, Path(tempfile.gettempdir()) / name)), Path("/tmp") / name)  # noqa: S108


def _suits_a_socket(folder: Path) -> bool:
    return len(os.fsencode(folder / SOCKET)) <= _SOCKET_PATH_MAX and "," not in str(folder)


def try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_absent_or_empty(folder: Path) -> bool:
    return not folder.exists() or not any(folder.iterdir())


def works_in(pid: str, folder: Path) -> bool:
    """Return True if process *pid* serves *folder*: PostgreSQL runs in its data folder (Linux only)."""
    try:
        return Path(f"/proc/{int(pid)}/cwd").samefile(folder)
    except (OSError, ValueError):
        return False
