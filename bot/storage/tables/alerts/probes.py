"""The states of probes, and the counts of their results."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.domain.probes.rules import ProbeRules
from bot.domain.probes.state import ProbeEvent, ProbeOutcome, ProbeState, ProbeStatus
from bot.domain.systems.results import CheckResult
from bot.services.ports.store.alerts.probes import ProbeCounts
from bot.storage.database.sql import Row
from bot.storage.rows import from_row
from bot.storage.tables.bases import ReadPart, TransactionPart


class PostgresProbeReads(ReadPart):
    """A `bot.services.ports.store.alerts.probes.ProbeReads`."""

    async def begin_probes(self, guild_id: int, rules: Sequence[ProbeRules]) -> None:
        await self._sql.all(
            "begin_probes",
            guild_id=guild_id,
            names=[one.name for one in rules],
            phases_s=[one.phase.total_seconds() for one in rules],
        )

    async def claim_probes(
        self, guild_id: int, every: Mapping[str, timedelta], *, limit: int
    ) -> list[ProbeStatus]:
        rows = await self._sql.all(
            "claim_probes",
            guild_id=guild_id,
            names=list(every),
            every_s=[one.total_seconds() for one in every.values()],
            limit=limit,
        )
        return [_status(row) for row in rows]

    async def probes(self, guild_id: int) -> list[ProbeStatus]:
        return [_status(row) for row in await self._sql.all("probes", guild_id=guild_id)]

    async def prober(self, guild_id: int) -> ProbeStatus:
        return _status(await self._sql.one("prober", guild_id=guild_id))

    async def probe_counts(self, guild_id: int) -> dict[str, ProbeCounts]:
        rows = await self._sql.all("probe_counts", guild_id=guild_id)
        return {row["name"]: from_row(ProbeCounts, row) for row in rows}

    async def forget_probe_counts(self) -> None:
        await self._sql.all("forget_probe_counts")


class PostgresProbeWrites(TransactionPart):
    """A `bot.services.ports.store.alerts.probes.ProbeWrites`."""

    async def save_probe(self, guild_id: int, status: ProbeStatus) -> bool:
        result = None if status.result is None else status.result.to_json()
        row = await self._sql.first("save_probe", status, guild_id=guild_id, result=result)
        return row is not None

    async def count_probe(self, guild_id: int, name: str, outcome: ProbeOutcome, *, at: datetime) -> None:
        counted = {
            each.value: int(each is outcome) for each in ProbeOutcome if each is not ProbeOutcome.UNKNOWN
        }
        await self._sql.all("count_probe", guild_id=guild_id, name=name, at=at, **counted)


def _status(row: Row) -> ProbeStatus:
    return from_row(
        ProbeStatus,
        row,
        state=ProbeState(row["state"]),
        outcome=None if row["outcome"] is None else ProbeOutcome(row["outcome"]),
        result=None if row["result"] is None else CheckResult.from_json(row["result"]),
        told=None if row["told"] is None else ProbeEvent(row["told"]),
        event=None if row["event"] is None else ProbeEvent(row["event"]),
    )
