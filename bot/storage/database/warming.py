"""Statements that an alert and its escalation take are parsed before they are needed.

A statement that a connection has not run before costs a round trip more, and an alert takes a dozen of them.
"""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Final

import asyncpg

from bot.storage.database.errors import storage_errors
from bot.storage.database.pools import Session, borrow
from bot.storage.database.sql import queries

WARM_S: Final = 30
"""How often connections are looked at that have not learned them yet, seconds."""

_CONNECTIONS: Final = 5  # that an alert and its escalation take at once

#: From a command to the alert, from a reaction to the acknowledgement, and from a deadline to what rings.
_NEEDED: Final = (
    "begin",
    "insert_incident",
    "oncall_book",
    "append",
    "put_jobs",
    "ask_again",
    "watches",
    "before_sending",
    "incident_of_delivery",
    "incident",
    "steps",
    "begin_attempt",
    "claim_delivery",
    "finish_sent",
    "deliveries",
    "lock_incident",
    "set_places",
    "incident_by_message",
    "acknowledge",
    "take_back_jobs",
    "pages",
    "claim_step",
    "lock_due",
    "pending_steps",
    "reached",
    "step_due_in",
    "put_off_steps",
    "due_incidents",
    "now",
    "is_untold",
    "finish_steps",
    "insert_triage",
    "lock_triage",
)


async def warm(pool: asyncpg.Pool) -> None:
    """Have what is needed parsed on the connections that are used first, one after another.

    A database far away takes seconds for each, and an alert needs the others meanwhile: nothing is waited for
    here, and one connection stays free.

    Raises:
        StorageUnavailable: the database is away.
    """
    statements = [queries()[name].text for name in _NEEDED]
    for _ in range(_CONNECTIONS):
        async with AsyncExitStack() as learning:
            connection = await _next_to_learn(pool, statements, learning=learning)
            if connection is None:
                return
            await teach(connection, statements)


async def teach(connection: Session, statements: Sequence[str]) -> None:
    """Have *connection*, one of a pool, parse *statements*.

    Raises:
        StorageUnavailable: the connection was lost.
    """
    with storage_errors():
        # A lost connection is out of its pool, as asyncpg says in its own methods; `learn` would be missing.
        connection.is_closed()
        await connection.learn(statements)


async def _next_to_learn(
    pool: asyncpg.Pool, statements: Sequence[str], *, learning: AsyncExitStack
) -> Session | None:
    """Return the first free connection that has not learned all, kept until *learning* ends.

    The others go back to the pool.
    """
    async with AsyncExitStack() as knowing:
        for _ in range(_CONNECTIONS):
            # What the pool can give without waiting, including connections that are not yet open.
            if pool.get_max_size() - pool.get_size() + pool.get_idle_size() <= 1:
                return None
            one = AsyncExitStack()
            connection: Session = await one.enter_async_context(borrow(pool))
            knows = connection.knows(statements)
            (knowing if knows else learning).push_async_exit(one)
            if not knows:
                return connection
    return None
