"""The states of probes, and the counts of their results."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from bot.domain.systems import CheckResult
from bot.storage.database.sql import Row, Sql
from bot.storage.rows import from_row
from bot.storage.tables.statistics import RowGauge
from cogs.probes.rules import ProbeCounts, ProbeEvent, ProbeOutcome, ProbeRules, ProbeState, ProbeStatus


class ProbeStates:
    """The states of the probes of the guild that *sql* is for, within a transaction or without one."""

    def __init__(self, sql: Sql, guild_id: int) -> None:
        self._sql = sql
        self._guild_id = guild_id

    async def begin(self, rules: Sequence[ProbeRules]) -> None:
        """Make the probes of a policy known, each due at its own moment of its interval; forget others."""
        await self._sql.all(
            "begin_probes",
            guild_id=self._guild_id,
            names=[one.name for one in rules],
            phases_s=[one.phase.total_seconds() for one in rules],
        )

    async def claim(self, every: Mapping[str, timedelta], *, limit: int) -> list[ProbeStatus]:
        """Take at most *limit* due probes, the longest overdue first, and make each due again later.

        Args:
            every: The interval of each probe by its name.
        """
        rows = await self._sql.all(
            "claim_probes",
            guild_id=self._guild_id,
            names=list(every),
            every_s=[one.total_seconds() for one in every.values()],
            limit=limit,
        )
        return [_status(row) for row in rows]

    async def all(self) -> list[ProbeStatus]:
        """Return all states, that of the prober among them, by name."""
        return [_status(row) for row in await self._sql.all("probes", guild_id=self._guild_id)]

    async def prober(self) -> ProbeStatus:
        """Return the state of the prober itself, after `begin`."""
        return _status(await self._sql.one("prober", guild_id=self._guild_id))

    async def save(self, status: ProbeStatus) -> bool:
        """Store the status; return False if the probe has been asked again since."""
        result = None if status.result is None else status.result.to_json()
        row = await self._sql.first("save_probe", status, guild_id=self._guild_id, result=result)
        return row is not None

    async def count(self, name: str, outcome: ProbeOutcome, *, at: datetime) -> None:
        """Add one result of the probe *name* to the counts of its five minutes."""
        counted = {
            each.value: int(each is outcome) for each in ProbeOutcome if each is not ProbeOutcome.UNKNOWN
        }
        await self._sql.all("count_probe", guild_id=self._guild_id, name=name, at=at, **counted)

    async def counts(self) -> dict[str, ProbeCounts]:
        """Return the results of the last 24 hours, to five minutes, by the name of the probe."""
        rows = await self._sql.all("probe_counts", guild_id=self._guild_id)
        return {row["name"]: from_row(ProbeCounts, row) for row in rows}

    async def forget_counts(self) -> None:
        """Delete counts that are older than a day, of any guild."""
        await self._sql.all("forget_probe_counts")


async def gauges(sql: Sql, off: Collection[int]) -> list[RowGauge]:
    """Return the states of targets for the monitoring system. One that cannot be reached has none."""
    rows = await sql.all("probe_figures", off=list(off))
    known = {
        (str(row["guild_id"]), row["name"]): row["state"]
        for row in rows
        if row["state"] != ProbeState.CUT_OFF
    }
    up = {key: int(state != ProbeState.DOWN) for key, state in known.items()}
    degraded = {key: int(state == ProbeState.DEGRADED) for key, state in known.items()}
    labels = ("guild", "probe")
    meaning = "1 if the target is slow or its certificate ends soon, else 0"
    return [
        RowGauge("incident_bot_probe_up", "0 if the target is down, else 1", labels, up),
        RowGauge("incident_bot_probe_degraded", meaning, labels, degraded),
    ]


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
