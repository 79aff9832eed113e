"""Which incidents a transaction has locked already: asking once more would be a round trip for nothing."""

from bot.storage.database.sql import Row, Sql


class IncidentLocks:
    """The part of a transaction that locks incidents, always first: see store.py.

    Attributes:
        _locked: The version that each of them had then.
        _begun: Those that must be told of anew without a database; see `EmergencyWrites`.
    """

    _sql: Sql
    _guild_id: int | None
    _locked: dict[int, int]
    _begun: set[int]

    async def _locked_incident(self, incident_id: int) -> Row | None:
        """Lock it and read it."""
        row = await self._sql.first("lock_incident", incident_id=incident_id, guild_id=self._guild_id)
        if row is not None:
            self._locked.setdefault(incident_id, row["version"])
        return row

    async def _lock_incident(self, incident_id: int) -> None:
        if incident_id not in self._locked:
            await self._locked_incident(incident_id)
