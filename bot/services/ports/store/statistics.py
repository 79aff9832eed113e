"""Figures, counted from rows. Each is defined where its value is, in `bot.domain.statistics`."""

from collections.abc import Mapping
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.domain.calendar.iso_week import IsoWeek
from bot.domain.incident.incident import Incident
from bot.domain.statistics.alert_quality import AlertSource, NoisyAlert
from bot.domain.statistics.examples import Example
from bot.domain.statistics.figures import (
    Deadlines,
    DrillFigures,
    Scope,
    SetAside,
    SeverityFigures,
    TargetCount,
)
from bot.domain.statistics.load import LoadRules, Paged
from bot.domain.statistics.period import Span


class IncidentStatistics(Protocol):
    """Counts the incidents of a guild. Each method is one statement, and raises StorageUnavailable."""

    async def severity_figures(self, guild_id: int, span: Span, scope: Scope) -> list[SeverityFigures]:
        """Count the incidents that were triggered in *span*; a severity without any is left out."""

    async def weekly_figures(
        self, guild_id: int, span: Span, zone: ZoneInfo, scope: Scope
    ) -> Mapping[IsoWeek, list[SeverityFigures]]:
        """Return the figures by the trigger's ISO week in *zone*; a week without incidents is left out."""

    async def late_incidents(self, guild_id: int, span: Span, scope: Scope, *, limit: int) -> list[Incident]:
        """Return counted incidents that were not acknowledged by the deadline, oldest first."""

    async def update_figures(
        self, guild_id: int, span: Span, scope: Scope, *, promising: tuple[str, ...]
    ) -> Deadlines:
        """Count the status updates that came in time, and the promises that were reminded of.

        Args:
            promising: The severities whose acknowledge promises the first update.
        """

    async def set_aside(self, guild_id: int, span: Span) -> SetAside:
        """Count the incidents of the period that its figures leave out."""

    async def busiest_targets(
        self, guild_id: int, span: Span, scope: Scope, *, limit: int
    ) -> list[TargetCount]:
        """Return the targets with the most incidents, those first; then by name."""

    async def drill_figures(self, guild_id: int, span: Span) -> DrillFigures:
        """Count the drills that were started in *span*."""


class LoadStatistics(Protocol):
    """Counts what reached people, and what monitors posted. As `IncidentStatistics`."""

    async def page_counts(self, guild_id: int, span: Span, zone: ZoneInfo, rules: LoadRules) -> list[Paged]:
        """Count the pages that arrived in *span* by the handle of their reader."""

    async def alert_sources(self, guild_id: int, span: Span) -> list[AlertSource]:
        """Count the alerts that began in *span* by sender, those with the most messages first."""

    async def noisiest_alerts(self, guild_id: int, span: Span, *, limit: int) -> list[NoisyAlert]:
        """Return the alerts of which monitors posted the most messages, those first."""

    async def examples(self, guild_id: int, span: Span) -> list[Example]:
        """Return one incident for each severity, target, reader and sender; none that is private."""


class StatisticsReads(IncidentStatistics, LoadStatistics, Protocol):
    """All figures that are counted from rows of our own."""
