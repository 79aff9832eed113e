"""Figures, counted in SQL."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

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
)
from bot.domain.statistics.load import LoadRules, PageCounts, Paged
from bot.domain.statistics.period import IsoWeek, Span
from bot.storage.database.sql import Row, Sql
from bot.storage.rows import from_row, incident_from_row


class IncidentStatistics:
    """Counts the incidents of a guild. Each method is one statement, and raises StorageUnavailable."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def severity_figures(self, guild_id: int, span: Span, scope: Scope) -> list[SeverityFigures]:
        """Count the incidents that were triggered in *span*; a severity without any is left out."""
        rows = await self._sql.all("severity_figures", **_counted(guild_id, span, scope))
        return [_severity(row) for row in rows]

    async def weekly_figures(
        self, guild_id: int, span: Span, zone: ZoneInfo, scope: Scope
    ) -> Mapping[IsoWeek, list[SeverityFigures]]:
        """Return the figures by the trigger's ISO week in *zone*; a week without incidents is left out."""
        weeks: dict[IsoWeek, list[SeverityFigures]] = {}
        for row in await self._sql.all("weekly_figures", **_counted(guild_id, span, scope), zone=zone.key):
            weeks.setdefault(IsoWeek.of(row["monday"]), []).append(_severity(row))
        return weeks

    async def late_incidents(self, guild_id: int, span: Span, scope: Scope, *, limit: int) -> list[Incident]:
        """Return counted incidents that were not acknowledged by the deadline, oldest first."""
        rows = await self._sql.all("late_incidents", **_counted(guild_id, span, scope), limit=limit)
        return [incident_from_row(row) for row in rows]

    async def update_figures(
        self, guild_id: int, span: Span, scope: Scope, *, promising: tuple[str, ...]
    ) -> Deadlines:
        """Count the status updates that came in time, and the promises that were reminded of.

        Args:
            promising: The severities whose acknowledge promises the first update.
        """
        asked = {**_counted(guild_id, span, scope), "promising": list(promising)}
        return from_row(Deadlines, await self._sql.one("update_figures", **asked))

    async def set_aside(self, guild_id: int, span: Span) -> SetAside:
        """Count the incidents of the period that its figures leave out."""
        return from_row(SetAside, await self._sql.one("set_aside", span, guild_id=guild_id))

    async def busiest_targets(
        self, guild_id: int, span: Span, scope: Scope, *, limit: int
    ) -> list[TargetCount]:
        """Return the targets with the most incidents, those first; then by name."""
        rows = await self._sql.all("busiest_targets", **_counted(guild_id, span, scope), limit=limit)
        return [from_row(TargetCount, row) for row in rows]

    async def drill_figures(self, guild_id: int, span: Span) -> DrillFigures:
        """Count the drills that were started in *span*."""
        row = await self._sql.one("drill_figures", span, guild_id=guild_id)
        return DrillFigures(row["held"], _durations(row["acknowledged"], row["acknowledge_s"]))


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


def _counted(guild_id: int, span: Span, scope: Scope) -> dict[str, object]:
    """Return the parameters of the part `counted_in_scope`."""
    return {
        "guild_id": guild_id,
        "start": span.start,
        "end": span.end,
        "severity": scope.severity,
        "target": scope.target,
        "person_id": scope.person_id,
    }


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
