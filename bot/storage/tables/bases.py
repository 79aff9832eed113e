"""The base classes of the parts of a store and of a transaction."""

from datetime import datetime

from bot.storage.appends import Appends
from bot.storage.database.sql import Row, Sql
from bot.storage.queue.enqueue import Queue


class ReadPart:
    """A part of `PostgresStore` or `PostgresTransaction`.

    Attributes:
        _guild_id: The guild whose rows it sees; None: all guilds.
    """

    _sql: Sql
    _guild_id: int | None


class TransactionPart(ReadPart):
    """A part of `PostgresTransaction`. It locks an incident before its deliveries and steps.

    Attributes:
        _now: The transaction's time, if it is known.
        _appends: The rows that wait to be written.
        _locked: The version that each locked incident had when it was locked.
        _claimed: The claimed deliveries; their incidents are locked.
        _begun: The incidents whose ladder begins or goes on.
        _ended: The incidents whose ladder ends; one that is in `_begun` as well has begun anew.
    """

    _now: datetime | None
    _appends: Appends
    _queue: Queue
    _locked: dict[int, int]
    _claimed: set[int]
    _begun: set[int]
    _ended: set[int]

    async def _locked_incident(self, incident_id: int) -> Row | None:
        """Lock an incident and return its row; None if there is none."""
        row = await self._sql.first("lock_incident", incident_id=incident_id, guild_id=self._guild_id)
        if row is not None:
            self._locked.setdefault(incident_id, row["version"])
        return row

    async def _lock_incident(self, incident_id: int) -> None:
        """Lock an incident unless this transaction has: a second time would be a useless round trip."""
        if incident_id not in self._locked:
            await self._locked_incident(incident_id)
