"""Drills."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta

from bot.domain.drill import Drill, Inject
from bot.domain.triage.tree import Text
from bot.storage.database.sql import Row
from bot.storage.rows import from_row
from bot.storage.tables.bases import TransactionPart


class PostgresDrillWrites(TransactionPart):
    """A `bot.services.ports.store.drills.DrillWrites`."""

    async def insert_drill(self, drill: Drill) -> bool:
        return await self._sql.has(
            "insert_drill", drill, injects=[_as_json(inject) for inject in drill.injects]
        )

    async def drill(self, incident_id: int) -> Drill | None:
        row = await self._sql.first("lock_drill", incident_id=incident_id)
        return None if row is None else _from_row(row)

    async def running_drill(self, guild_id: int) -> Drill | None:
        row = await self._sql.first("running_drill", guild_id=guild_id)
        return None if row is None else _from_row(row)

    async def save_drill(self, drill: Drill) -> None:
        await self._sql.all("save_drill", drill)


def _from_row(row: Row) -> Drill:
    return from_row(Drill, row, injects=tuple(map(_from_json, row["injects"])))


def _as_json(inject: Inject) -> dict[str, object]:
    return {"after_s": inject.after.total_seconds(), "text": asdict(inject.text)}


def _from_json(kept: Mapping[str, object]) -> Inject:
    text = kept["text"]
    assert isinstance(text, Mapping)
    return Inject(timedelta(seconds=float(str(kept["after_s"]))), Text(text["ja"], text["en"]))
