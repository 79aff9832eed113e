"""Take locks on files, which the workers of a run share."""

import fcntl
from typing import IO


def is_taken_at_once(lock: IO[str], kind: int = fcntl.LOCK_EX) -> bool:
    """Take *lock* if that needs no waiting; return False if it does."""
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
