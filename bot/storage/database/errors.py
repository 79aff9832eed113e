"""asyncpg's errors, translated once."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from bot.domain.errors import LockConflict, StorageBroken, StorageUnavailable

#: What asyncpg raises, and what the socket below it does; TimeoutError is an OSError. InternalClientError is
#: how asyncpg 0.32 greets a query in the moment between a server's farewell and the end of the connection.
STORAGE_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)

#: Classes of SQLSTATE: connection lost, login refused, no such database, out of memory, disk or connections,
#: shut down or cancelled by timeout, I/O error.
_AWAY_CLASSES = frozenset({"08", "28", "3D", "53", "57", "58"})

#: Classes of SQLSTATE: no such schema, internal error (data are damaged, or a pooler refuses), wrong set-up.
_BROKEN_CLASSES = frozenset({"3F", "XX", "F0"})

#: No right to it; no such table, column, function or type. Our statements are prepared by a test against the
#: schema that they are for, so it is the schema that has changed.
_BROKEN_STATES = frozenset({"42501", "42P01", "42703", "42883", "42704"})

#: Read-only, our transaction was ended while idle, could not serialise, deadlock.
_AWAY_STATES = frozenset({"25006", "25P03", "40001", "40P01"})


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn "PostgreSQL is away or refuses to write" into StorageUnavailable; anything else stays a bug.

    Raises:
        StorageUnavailable: the same call may succeed later.
        LockConflict: the same call may succeed very soon.
        StorageBroken: the same call succeeds once a person has repaired the database.
    """
    try:
        yield
    except STORAGE_ERRORS as error:
        if (translated := _translated(error)) is None:
            raise
        raise translated from error


@contextmanager
def every_storage_error() -> Iterator[None]:
    """Turn every error of PostgreSQL into StorageUnavailable; an unknown one becomes StorageBroken.

    For code whose own statements cannot be at fault.

    Raises:
        StorageUnavailable, LockConflict, StorageBroken.
    """
    try:
        yield
    except STORAGE_ERRORS as error:
        raise (_translated(error) or StorageBroken(type(error).__name__)) from error


def _translated(error: Exception) -> StorageUnavailable | None:
    """Return *error* as a StorageUnavailable, or None when it says nothing about the database's state."""
    name = type(error).__name__
    if isinstance(error, asyncpg.LockNotAvailableError):
        return LockConflict(name)
    if _may_pass(error):
        return StorageUnavailable(name)
    return StorageBroken(name) if _is_broken(error) else None


def _is_broken(error: Exception) -> bool:
    state = str(error.sqlstate) if isinstance(error, asyncpg.PostgresError) else ""
    return state[:2] in _BROKEN_CLASSES or state in _BROKEN_STATES


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
