"""The table of drills."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import timedelta

from bot.domain.triage.tree import Text
from bot.storage.database.sql import Row, Sql
from bot.storage.rows import from_row
from cogs.drill.rules import Drill, Inject


class DrillRows:
    """The drills that *sql* sees, within a transaction."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def insert(self, drill: Drill) -> bool:
        """Store a new drill; False while another one of its guild goes on."""
        return await self._sql.has("insert_drill", drill, injects=injects_as_json(drill.injects))

    async def locked(self, incident_id: int) -> Drill | None:
        """Lock and return the drill of an incident. Lock the incident first."""
        row = await self._sql.first("lock_drill", incident_id=incident_id)
        return None if row is None else _from_row(row)

    async def running(self, guild_id: int) -> Drill | None:
        """Return the running drill of a guild."""
        row = await self._sql.first("running_drill", guild_id=guild_id)
        return None if row is None else _from_row(row)

    async def save(self, drill: Drill) -> None:
        """Store how far the drill has come. The row must be locked."""
        await self._sql.all("save_drill", drill)


def injects_as_json(injects: Iterable[Inject]) -> list[dict[str, object]]:
    """Return the lines of a script as a row keeps them."""
    return [{"after_s": one.after.total_seconds(), "text": asdict(one.text)} for one in injects]


def _from_row(row: Row) -> Drill:
    return from_row(Drill, row, injects=tuple(map(_from_json, row["injects"])))


def _from_json(inject: Mapping[str, object]) -> Inject:
    text = inject["text"]
    assert isinstance(text, Mapping)
    return Inject(timedelta(seconds=float(str(inject["after_s"]))), Text(text["ja"], text["en"]))
