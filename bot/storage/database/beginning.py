"""The start of a transaction: the check that its writer may write, and its first locks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bot.domain.errors import Superseded
from bot.services.ports.urgency import PERSON, current
from bot.services.shared.fencing import CLAIM
from bot.storage.database.errors import storage_errors
from bot.storage.database.sessions import Session
from bot.storage.database.sql import Sql

_BEGIN: Final = "BEGIN"

#: A job or a tick comes again, so it does not wait long for a lock. The server ends a stopped process's
#: transactions one after the other, and the next one that waits for the same lock would get it.
_BEGIN_JOB: Final = "BEGIN; SET LOCAL lock_timeout = '1s'"


@dataclass(frozen=True, slots=True)
class Begun:
    """The state of a transaction after its start.

    Attributes:
        now: The transaction's time, if it was requested.
        locked: The version of each incident that it has locked.
    """

    now: datetime | None = None
    locked: Mapping[int, int] = field(default_factory=dict)


async def begin(connection: Session) -> None:
    """Begin a transaction, for a person or for a job."""
    with storage_errors():
        await connection.begin(_BEGIN if current() == PERSON else _BEGIN_JOB)


async def opened(sql: Sql, *, guild_id: int | None, locking: int | None) -> Begun:
    """Refuse what comes by a shard that another process has taken, and lock an incident, in one round trip.

    The shard is not locked: an event that both have had was sent after its successor had committed the
    takeover, so this statement, which is later still, sees it. A process that is stopped right after it, with
    an event from before, writes what no other process has had; and a lock would let a stopped process hold
    up the takeover.

    Args:
        locking: The number of an incident; one that is not there, or another guild's, is not locked.

    Raises:
        Superseded: the shard has been taken.
    """
    claim = CLAIM.get()
    if claim is None and locking is None:
        return Begun()
    row = await sql.one(
        "begin",
        shard_id=None if claim is None else claim.shard.id,
        shard_count=None if claim is None else claim.shard.count,
        token=None if claim is None else claim.token,
        incident_id=locking,
        guild_id=guild_id,
    )
    if not row["held"]:
        raise Superseded
    version = row["version"]
    return Begun(row["now"], {} if locking is None or version is None else {locking: version})
