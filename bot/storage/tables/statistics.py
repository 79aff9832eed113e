"""Figures, counted in SQL: of incidents and load, and for monitoring.

Those for monitoring are the same for all processes, and outlive them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from zoneinfo import ZoneInfo

import asyncpg

from bot.capability import installed
from bot.domain.incident.incident import Incident
from bot.domain.statistics.figures import (
    AGAIN_WITHIN,
    AlertCounts,
    AlertSource,
    Deadlines,
    DrillFigures,
    Durations,
    Example,
    ExampleOf,
    NoisyAlert,
    Scope,
    SetAside,
    SeverityFigures,
    TargetCount,
    TeamFigures,
    UnownedIncident,
)
from bot.domain.statistics.load import LoadRules, PageCounts, Paged
from bot.domain.statistics.period import IsoWeek, Span
from bot.storage.database.pools import PoolConnection
from bot.storage.database.sql import Row, Sql
from bot.storage.rows import from_row, incident_from_row

#: Upper bounds of the lateness of a step, seconds.
LATENESS_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)

#: A step decided later than this has missed its deadline. Source: the product's promise, deadline + 5 s.
MISSED_S = 5.0


class IncidentStatistics:
    """Counts the incidents of a guild. Each method is one statement, and raises StorageUnavailable.

    Args:
        ringing: The severities under which a monitor's alert rings: it needs an owner, as an incident does.
        teams: The teams of the policy.
    """

    def __init__(self, sql: Sql, ringing: Collection[str] = (), teams: Collection[str] = ()) -> None:
        self._sql = sql
        self._ringing = ringing
        self._teams = list(teams)

    async def severity_figures(self, guild_id: int, span: Span, scope: Scope) -> list[SeverityFigures]:
        """Count what was triggered in *span*; a severity without incidents or ringing alerts is left out."""
        rows = await self._sql.all("severity_figures", **self._owned(guild_id, span, scope))
        return [_severity(row) for row in rows]

    async def weekly_figures(
        self, guild_id: int, span: Span, zone: ZoneInfo, scope: Scope
    ) -> Mapping[IsoWeek, list[SeverityFigures]]:
        """Return the figures by the trigger's ISO week in *zone*; a week without incidents is left out."""
        weeks: dict[IsoWeek, list[SeverityFigures]] = {}
        asked = self._owned(guild_id, span, scope)
        for row in await self._sql.all("weekly_figures", **asked, zone=zone.key):
            weeks.setdefault(IsoWeek.of(row["monday"]), []).append(_severity(row))
        return weeks

    async def late_incidents(self, guild_id: int, span: Span, scope: Scope, *, limit: int) -> list[Incident]:
        """Return those that need an owner and whose ack deadline was missed, oldest first."""
        rows = await self._sql.all("late_incidents", **self._owned(guild_id, span, scope), limit=limit)
        return [incident_from_row(row) for row in rows]

    async def unowned_by_severity(self, guild_id: int, span: Span, scope: Scope) -> Mapping[str, float]:
        """Return the seconds of *span* without an owner, of incidents triggered at any time."""
        rows = await self._sql.all("unowned_figures", **self._owned(guild_id, span, scope))
        return {row["severity"]: row["seconds"] for row in rows}

    async def most_unowned(
        self, guild_id: int, span: Span, scope: Scope, *, limit: int
    ) -> list[UnownedIncident]:
        """Return the incidents with the most time without an owner, those first; no private ones."""
        rows = await self._sql.all("most_unowned", **self._owned(guild_id, span, scope), limit=limit)
        return [UnownedIncident(incident_from_row(row), row["seconds"]) for row in rows]

    async def update_figures(
        self, guild_id: int, span: Span, scope: Scope, *, promising: tuple[str, ...]
    ) -> Deadlines:
        """Count the status updates that came in time, and the promises that were reminded of.

        Args:
            promising: The severities whose acknowledge promises the first update.
        """
        asked = {**self._counted(guild_id, span, scope), "promising": list(promising)}
        return from_row(Deadlines, await self._sql.one("update_figures", **asked))

    async def team_figures(self, guild_id: int, span: Span) -> list[TeamFigures]:
        """Count what was triggered in *span* by team; a team without anything is left out."""
        rows = await self._sql.all("team_figures", span, guild_id=guild_id, teams=self._teams)
        return [from_row(TeamFigures, row) for row in rows]

    async def set_aside(self, guild_id: int, span: Span) -> SetAside:
        """Count the incidents of the period that its figures leave out."""
        return from_row(SetAside, await self._sql.one("set_aside", span, guild_id=guild_id))

    async def busiest_targets(
        self, guild_id: int, span: Span, scope: Scope, *, limit: int
    ) -> list[TargetCount]:
        """Return the targets with the most incidents, those first; then by name."""
        rows = await self._sql.all("busiest_targets", **self._counted(guild_id, span, scope), limit=limit)
        return [from_row(TargetCount, row) for row in rows]

    async def drill_figures(self, guild_id: int, span: Span) -> DrillFigures:
        """Count the drills that were started in *span*."""
        row = await self._sql.one("drill_figures", span, guild_id=guild_id)
        return DrillFigures(row["held"], _durations(row["acknowledged"], row["acknowledge_s"]))

    def _owned(self, guild_id: int, span: Span, scope: Scope) -> dict[str, object]:
        """Return the parameters of a query about those that need an owner."""
        return {**self._counted(guild_id, span, scope), "ringing": list(self._ringing)}

    def _counted(self, guild_id: int, span: Span, scope: Scope) -> dict[str, object]:
        """Return the parameters of the part `counted_in_scope`."""
        return {
            "guild_id": guild_id,
            "start": span.start,
            "end": span.end,
            "severity": scope.severity,
            "team": scope.team,
            "teams": self._teams,
            "target": scope.target,
            "person_id": scope.person_id,
        }


class LoadStatistics:
    """Counts what reached people, and what monitors posted. As `IncidentStatistics`."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def page_counts(self, guild_id: int, span: Span, zone: ZoneInfo, rules: LoadRules) -> list[Paged]:
        """Count the pages that arrived in *span* by the handle of their reader."""
        rows = await self._sql.all(
            "page_figures",
            span,
            guild_id=guild_id,
            zone=zone.key,
            holidays=list(rules.holidays),
            free_days=list(rules.free_days),
            sleep_start=rules.sleep.start,
            sleep_end=rules.sleep.end,
        )
        return [Paged(row["reader"], row["place"], from_row(PageCounts, row)) for row in rows]

    async def alert_sources(self, guild_id: int, span: Span) -> list[AlertSource]:
        """Count the alerts that began in *span* by sender, those with the most messages first."""
        rows = await self._sql.all("alert_sources", span, guild_id=guild_id, again_within=AGAIN_WITHIN)
        return [AlertSource(row["name"], from_row(AlertCounts, row)) for row in rows]

    async def noisiest_alerts(self, guild_id: int, span: Span, *, limit: int) -> list[NoisyAlert]:
        """Return the alerts of which monitors posted the most messages, those first."""
        rows = await self._sql.all(
            "noisiest_alerts", span, guild_id=guild_id, limit=limit, again_within=AGAIN_WITHIN
        )
        return [NoisyAlert(incident_from_row(row), from_row(AlertCounts, row)) for row in rows]

    async def examples(self, guild_id: int, span: Span) -> list[Example]:
        """Return one incident for each severity, target, reader and sender; none that is private."""
        rows = await self._sql.all("examples", span, guild_id=guild_id)
        return [_example(row) for row in rows]


def _example(row: Row) -> Example:
    of, incident = ExampleOf(row["example_of"]), incident_from_row(row)
    return Example(of, row["example_name"], row["example_place"], incident)


def _severity(row: Row) -> SeverityFigures:
    return SeverityFigures(
        row["severity"],
        row["incidents"],
        acknowledge=_durations(row["acknowledged"], row["acknowledge_s"]),
        resolve=_durations(row["resolved"], row["resolve_s"]),
        ack_deadlines=from_row(Deadlines, row),
    )


def _durations(count: int, percentiles: list[float | None] | None) -> Durations:
    median_s, p90_s = percentiles or (None, None)
    return Durations(count, median_s, p90_s)


@dataclass(frozen=True, slots=True)
class RowGauge:
    """A gauge that a capability counts from its rows.

    Attributes:
        values: By the values of its labels; it may have none.
    """

    name: str
    meaning: str
    labels: tuple[()] | tuple[str, str]
    values: Mapping[tuple[()], float] | Mapping[tuple[str, str], float]


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures; drills are left out of those about steps.

    Attributes:
        decided: Steps that were decided at their time, ever.
        late_by: For each bound of `LATENESS_S`, how many of them were not later than it.
        late_s: Their lateness added up, seconds.
        missed: Those decided later than `MISSED_S`, and those that should have been and are not.
        queue: Jobs by name and state: waiting for their time, due, or running.
        deliveries: By kind and result.
        failovers: How often a shard was taken from an owner that had gone silent.
        identifies: Sessions begun at Discord's gateway within 24 hours.
        instances: Processes by version.
        own: The capabilities'.
    """

    decided: int
    late_by: tuple[int, ...]
    late_s: float
    missed: int
    queue: dict[tuple[str, str], int]
    deliveries: dict[tuple[str, str], int]
    failovers: int
    identifies: int
    instances: dict[str, int]
    own: tuple[RowGauge, ...] = ()


async def read_figures(
    pool: asyncpg.Pool, switched_off: Mapping[str, Collection[int]] = MappingProxyType({})
) -> Figures:
    """Count the figures.

    Args:
        switched_off: The guilds that have switched a capability off, by its name.

    Raises:
        StorageUnavailable: the database is away.
    """
    sql = Sql(PoolConnection(pool))
    steps = await sql.all("step_figures", bounds_s=list(LATENESS_S), missed_s=MISSED_S)
    queue = await sql.all("queue_figures")
    deliveries = await sql.all("delivery_figures")
    gateway = await sql.one("gateway_figures")
    versions = await sql.all("instance_figures")
    own: list[RowGauge] = []
    for one in installed():
        if one.gauges is not None:
            own += await one.gauges(sql, switched_off.get(one.name, ()))
    return Figures(
        decided=sum(row["decided"] for row in steps),
        # A place counts the bounds that are passed.
        late_by=tuple(
            sum(row["decided"] for row in steps if row["place"] <= index)
            for index, _ in enumerate(LATENESS_S)
        ),
        late_s=sum(row["late_s"] for row in steps),
        missed=sum(row["missed"] for row in steps),
        queue={(row["entrypoint"], row["state"]): row["jobs"] for row in queue},
        deliveries={(row["kind"], row["status"]): row["deliveries"] for row in deliveries},
        failovers=gateway["failovers"],
        identifies=gateway["identifies"],
        instances={row["version"]: row["instances"] for row in versions},
        own=tuple(own),
    )
