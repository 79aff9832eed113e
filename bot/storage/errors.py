"""asyncpg's errors, translated once."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from bot.domain.errors import Contended, StorageUnavailable

#: What asyncpg raises, and what the socket below it does; TimeoutError is an OSError. InternalClientError is
#: how asyncpg 0.32 greets a query in the moment between a server's farewell and the end of the connection.
STORAGE_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)

#: Classes of SQLSTATE: connection lost, login refused, no such database, out of memory, disk or connections,
#: shut down or cancelled by timeout, I/O error.
_AWAY_CLASSES = frozenset({"08", "28", "3D", "53", "57", "58"})

#: Read-only, our transaction was ended while idle, could not serialise, deadlock.
_AWAY_STATES = frozenset({"25006", "25P03", "40001", "40P01"})


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn "PostgreSQL is away or refuses to write" into StorageUnavailable; anything else stays a bug.

    Raises:
        StorageUnavailable: the same call may succeed later. Contended: very soon.
    """
    try:
        yield
    except STORAGE_ERRORS as error:
        if isinstance(error, asyncpg.LockNotAvailableError):
            raise Contended(type(error).__name__) from error
        if _may_pass(error):
            raise StorageUnavailable(type(error).__name__) from error
        raise


def _may_pass(error: Exception) -> bool:
    if isinstance(error, asyncpg.InvalidCachedStatementError):
        # A newer version's migration has added a column; asyncpg has forgotten what it had prepared by now.
        return True
    if isinstance(error, asyncpg.PostgresError):
        state = str(error.sqlstate)
        return state[:2] in _AWAY_CLASSES or state in _AWAY_STATES
    if isinstance(error, asyncpg.InterfaceError):
        # Of a closed connection or pool; a pool takes a broken connection away while it is in use. Other
        # interface errors are our own mistakes.
        return any(word in str(error) for word in ("closed", "closing", "released back to the pool"))
    return True
