"""Connections: to our own database, and to the one that holds the failed notifications.

Our own must be reached directly or through a pooler in session mode: the search_path, prepared
statements, LISTEN and advisory locks belong to a session. A session keeps its statements prepared,
because to parse one again is a round trip each time. The other database may be behind a pooler in
transaction mode.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Final
from uuid import UUID, uuid4

import asyncpg

from bot.domain.errors import ConfigError, StorageUnavailable
from bot.storage.database.errors import STORAGE_ERRORS, every_storage_error
from bot.storage.database.migrate import SEARCH_PATH
from bot.storage.database.sql import Row

PLANS_S: Final = 10.0
"""How long a statement's plan is kept, seconds: a storm makes a table a thousand times larger."""

#: More than there are queries, PgQueuer's and asyncpg's own included: none is ever parsed twice.
STATEMENTS: Final = 1_000

#: The server plans each statement anew when it is next run. Nothing is parsed again.
_FORGET_PLANS: Final = "DISCARD PLANS"

#: Array types that queries take or return, as "oid element_oid element": fixed in every PostgreSQL.
_ARRAYS: Final = (
    "1000 16 bool",
    "1005 21 int2",
    "1007 23 int4",
    "1016 20 int8",
    "1022 701 float8",
    "1182 1082 date",
    "1185 1184 timestamptz",
    "1187 1186 interval",
    "2951 2950 uuid",
)

CONNECT_S = 5.0
"""How long a new connection may take, seconds."""

ACQUIRE_S = 5.0
"""How long to wait for a free connection, seconds."""

COMMAND_S = 10.0
"""How long one statement may take, seconds."""

IDLE_IN_TRANSACTION_S = 3.0
"""A process that is stopped in the middle of a transaction must not keep its row locks, seconds."""

_SESSION: Final = {
    "search_path": SEARCH_PATH,
    "timezone": "UTC",
    # A statement with an array would be planned each time it runs, which often takes longer than running it.
    "plan_cache_mode": "force_generic_plan",
    # All that is asked is short; compiling it would take longer than any of it.
    "jit": "off",
}

LEASE_CONNECTIONS: Final = 2
"""For the leases: one that hangs must not cost them."""

_DLQ_CONNECTIONS: Final = 4

_ASK_AGAIN_S: Final = 0.1

#: From this many connections on the queue has a third, and at least four are left for everything else.
_QUEUE_HAS_THREE_FROM: Final = 9


class Session(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types of its own
    """A connection of a pool that knows how old its plans are."""

    __slots__ = ("_learned", "_planned_s")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._planned_s = time.monotonic()
        self._learned: set[str] = set()

    async def begin(self, statement: str) -> None:
        """Begin a transaction by *statement*; plans that have become old go with the same round trip."""
        await self.execute(f"{_FORGET_PLANS}; {statement}" if self._outlived() else statement)

    async def forget_old_plans(self) -> None:
        """Forget plans that have become old where no transaction begins."""
        if not self.is_closed() and self._outlived():
            await self.execute(_FORGET_PLANS)

    def knows(self, statements: Iterable[str]) -> bool:
        """Return True if the session has already prepared all of *statements*."""
        return self._learned.issuperset(statements)

    async def learn(self, statements: Iterable[str]) -> None:
        """Prepare those of *statements* that are not prepared yet; run none of them.

        If that ends half-way, the connection is dropped.
        """
        new = [statement for statement in statements if statement not in self._learned]
        if not new:
            return
        try:
            for statement in new:
                await self.executemany(statement, ())
                self._learned.add(statement)
            # Nothing was run, so the server still is in a transaction of its own, in which another one may
            # not choose its isolation.
            await self.execute("SELECT 1")
        except BaseException:
            self.terminate()
            raise

    def know_arrays(self) -> None:
        """Register the built-in array types, after the codecs: setting one forgets the derived types.

        asyncpg would ask the catalogs for them on each connection: a start took the server twice as long.
        """
        self._protocol.get_settings().register_data_types(_built_in_arrays())

    def _outlived(self) -> bool:
        now_s = time.monotonic()
        is_old = now_s - self._planned_s > PLANS_S
        if is_old:
            self._planned_s = now_s
        return is_old


@cache
def _built_in_arrays() -> list[dict[str, object]]:
    """Describe the built-in array types as asyncpg's look-up of types does."""
    absent = dict.fromkeys(("attrtypoids", "basetype", "range_subtype"))
    each = (line.split() for line in _ARRAYS)
    return [
        absent
        | {"oid": int(oid), "ns": "pg_catalog", "name": f"_{element}", "kind": b"b"}
        | {"elemtype": int(element_oid), "elemtype_name": element, "elemdelim": b","}
        for oid, element_oid, element in each
    ]


@dataclass(frozen=True, slots=True)
class Connections:
    """The division of a process's connections to our own database.

    Attributes:
        total: Connections at most, >= 7: `DATABASE_CONNECTIONS`.
    """

    total: int

    @property
    def queue(self) -> int:
        """Return how many the job queue has: one listens, the others ask."""
        return 2 if self.total < _QUEUE_HAS_THREE_FROM else 3

    @property
    def own(self) -> int:
        """Return how many are left for everything else."""
        return self.total - LEASE_CONNECTIONS - self.queue


@cache
def process_id() -> UUID:
    """Return the id of this process, by which its connections are known (the query ``end_silent``)."""
    return uuid4()


async def open_pool(
    dsn: str,
    *,
    min_size: int = 1,
    max_size: int = 10,
    command_s: float = COMMAND_S,
    idle_in_transaction_s: float = IDLE_IN_TRANSACTION_S,
    read_only: bool = False,
) -> asyncpg.Pool:
    """Connect to our own database. The pool recovers by itself when the server comes back.

    Args:
        dsn: Direct, or through a pooler in session mode.
        min_size: Connections opened at once, >= 0.
        max_size: Connections at most, >= 1.
        command_s: How long one statement may take.
        idle_in_transaction_s: After how long without a statement the server ends a transaction.
        read_only: The server refuses to write.

    Raises:
        StorageUnavailable: it cannot be reached now.
        ConfigError: the address is not understood, or a pooler in transaction mode is in between.
    """
    with every_storage_error(), _understanding_address(), _refusing_pooler():
        return await asyncpg.create_pool(
            dsn,
            min_size=min_size,
            max_size=max_size,
            timeout=CONNECT_S,
            command_timeout=command_s,
            max_cached_statement_lifetime=0,
            statement_cache_size=STATEMENTS,
            connection_class=Session,
            server_settings=_SESSION
            | {"application_name": f"incident-bot {process_id()}"}
            | {"idle_in_transaction_session_timeout": f"{round(1000 * idle_in_transaction_s)}ms"}
            | ({"default_transaction_read_only": "on"} if read_only else {}),
            init=_set_codecs,
            reset=_forget_old_plans,
        )


async def open_dlq_pool(dsn: str) -> asyncpg.Pool:
    """Prepare for the database of `admin.notification_failures`; connects when first asked.

    Works behind PgBouncer or Supavisor in transaction mode, where the next statement may reach another
    session: nothing is prepared, nothing is set for a session, nothing is reset.
    """
    return await asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=_DLQ_CONNECTIONS,
        timeout=CONNECT_S,
        command_timeout=COMMAND_S,
        statement_cache_size=0,
        reset=_leave_session_alone,
    )


@asynccontextmanager
async def borrow(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Connection]:
    """Borrow a connection of *pool* for the block.

    Raises:
        StorageUnavailable: none within `ACQUIRE_S`.
    """
    connection = await _acquired(pool)
    try:
        yield connection
    finally:
        # What was asked of it is done; a connection that breaks here is the pool's to replace.
        with suppress(*STORAGE_ERRORS):
            # A task cancelled twice leaves a transaction open, which the pool would log as an error; the
            # server rolls back when the connection goes. Not `terminate`: that takes back the request to
            # cancel what still runs, which would keep its row locks until its end.
            if connection.is_in_transaction():
                await connection.close(timeout=ACQUIRE_S)
            await pool.release(connection)


async def _acquired(pool: asyncpg.Pool) -> asyncpg.Connection:
    """Return a connection; where one more is refused, the first one that is free.

    The pool would give an error although it has others: who else is on the server, it can't know.
    """
    give_up = time.monotonic() + ACQUIRE_S
    while True:
        try:
            with every_storage_error():  # nothing is asked yet: server and pooler refuse in their own words
                return await pool.acquire(timeout=max(give_up - time.monotonic(), _ASK_AGAIN_S))
        except StorageUnavailable:
            is_pointless = pool.is_closing() or pool.get_size() == pool.get_idle_size()
            if is_pointless or time.monotonic() > give_up:
                raise
        await asyncio.sleep(_ASK_AGAIN_S)


class PoolConnection:
    """A `sql.Connection` that borrows one of *pool* for each query.

    Args:
        is_dropped: A connection whose query is cancelled is dropped, as in `Pulse`: asyncpg would wait for a
            server that hangs.
    """

    def __init__(self, pool: asyncpg.Pool, *, is_dropped: bool = False) -> None:
        self._pool = pool
        self._is_dropped = is_dropped

    async def fetch(self, query: str, *arguments: object) -> list[Row]:
        async with borrow(self._pool) as connection:
            try:
                rows: list[Row] = await connection.fetch(query, *arguments)
            except asyncio.CancelledError:
                if self._is_dropped:
                    connection.terminate()
                raise
            return rows


@contextmanager
def _understanding_address() -> Iterator[None]:
    """Turn asyncpg's complaint about an address, which may quote a part of it, into a ConfigError."""
    try:
        yield
    except asyncpg.ClientConfigurationError:
        raise ConfigError("DATABASE_URL: a parameter after the ? is not understood; correct it") from None


@contextmanager
def _refusing_pooler() -> Iterator[None]:
    """PgBouncer calls a search_path an "unsupported startup parameter", with a code it uses for much else."""
    try:
        yield
    except asyncpg.ProtocolViolationError as error:
        if "startup parameter" not in str(error):
            raise
        raise ConfigError(
            "DATABASE_URL leads through a pooler in transaction mode; give the database itself, or "
            "a pooler in session mode"
        ) from error


async def _set_codecs(connection: Session) -> None:
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=_to_json, decoder=json.loads)
    connection.know_arrays()


def _to_json(value: object) -> str:
    # PgQueuer passes JSON that it has written itself.
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, allow_nan=False)


async def _forget_old_plans(session: Session) -> None:
    """Forget old plans only. RESET ALL and UNLISTEN would cost a round trip, and nothing changes a session.

    asyncpg itself ends an open transaction.
    """
    await session.forget_old_plans()


async def _leave_session_alone(_connection: asyncpg.Connection) -> None:
    """Reset nothing: a transaction pooler might run the reset in another client's session."""
