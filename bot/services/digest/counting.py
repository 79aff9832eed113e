"""The figures of a digest, part by part: one that cannot be counted does not hold up the others."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, TypeVar

import structlog

from bot.domain.calendar.iso_week import IsoWeek
from bot.domain.digest import (
    ActionsDue,
    AskedAlerts,
    Digest,
    DigestPart,
    actions_due,
    alerts_to_ask_about,
    is_counted,
)
from bot.domain.dlq.failures import DlqCounts
from bot.domain.errors import UnavailableError
from bot.domain.incident.incident import Incident
from bot.domain.postmortem.owing import OwedPostmortem
from bot.domain.statistics.alert_quality import AlertQuality
from bot.domain.statistics.examples import Examples
from bot.domain.statistics.figures import IncidentFigures
from bot.domain.statistics.period import Span
from bot.runbook.model import Policy
from bot.services.digest.asked_alerts import asked_alerts
from bot.services.ports import DlqStore, Store
from bot.services.shared.action_items import open_action_items
from bot.services.statistics.statistics import Statistics

log = structlog.get_logger(__name__)

_Value = TypeVar("_Value")

#: Action items that lead to their incident: more do not fit into a message.
_LINKED: Final = 20


@dataclass(slots=True)
class _PartCounter:
    """Counts the parts of one digest, and notes those that could not be counted."""

    week: IsoWeek
    missing: set[DigestPart] = field(default_factory=set)

    async def count(self, part: DigestPart, counted: Awaitable[_Value], *, otherwise: _Value) -> _Value:
        """Return what *counted* gives, or *otherwise* with a note that *part* is missing."""
        try:
            return await counted
        except UnavailableError as error:
            log.warning("digest.part_unavailable", week=str(self.week), part=part, reason=str(error))
        except Exception:  # whatever is wrong with one part, the others are posted in time
            log.exception("digest.part_failed", week=str(self.week), part=part)
        self.missing.add(part)
        return otherwise


class DigestCounting:
    """Counts the digest of a week."""

    def __init__(
        self,
        store: Store,
        failures: DlqStore,
        policy: Policy,
        *,
        statistics: Statistics,
    ) -> None:
        self._store = store
        self._failures = failures
        self._policy = policy
        self._statistics = statistics

    async def digest(self, guild_id: int, week: IsoWeek, *, asked: Sequence[int] | None = None) -> Digest:
        """Count *week*.

        Args:
            asked: The alerts that its post asks about; None: those that it would ask about now.
        """
        parts = _PartCounter(week)
        # Beside our own database, because the other one may take its time before it is given up.
        (failed, before), digest = await asyncio.gather(
            self._failed(parts), self._counted(parts, guild_id, asked=asked)
        )
        return replace(
            digest,
            dlq=failed,
            previous_dlq=None if before is None else before.total,
            missing=frozenset(parts.missing),
        )

    async def _counted(self, parts: _PartCounter, guild_id: int, *, asked: Sequence[int] | None) -> Digest:
        statistics, week = self._statistics, parts.week
        span, earlier, nothing = self._span(week), self._span(week.previous()), IncidentFigures()
        alerts = await parts.count(
            DigestPart.ALERTS, statistics.alerts(guild_id, span), otherwise=AlertQuality()
        )
        numbers = alerts_to_ask_about(alerts) if asked is None else asked
        count, today = parts.count, (await statistics.now()).date()
        return Digest(
            week=week,
            figures=await count(
                DigestPart.INCIDENTS, statistics.incidents(guild_id, span), otherwise=nothing
            ),
            before=await count(
                DigestPart.INCIDENTS, statistics.incidents(guild_id, earlier), otherwise=nothing
            ),
            trend=await count(DigestPart.TREND, statistics.trend(guild_id, week), otherwise=()),
            missed=await count(DigestPart.LATE, statistics.late_incidents(guild_id, span), otherwise=()),
            open=await count(DigestPart.OPEN, self._open(guild_id), otherwise=()),
            load=await count(DigestPart.LOAD, statistics.load(guild_id, span), otherwise=()),
            examples=await count(
                DigestPart.EXAMPLES, statistics.examples(guild_id, span), otherwise=Examples()
            ),
            alerts=alerts,
            asked=await count(
                DigestPart.ALERTS, asked_alerts(self._store, guild_id, numbers), otherwise=AskedAlerts()
            ),
            postmortems=await count(DigestPart.POSTMORTEMS, self._postmortems(guild_id), otherwise=()),
            actions=await count(DigestPart.ACTIONS, self._actions(guild_id, today), otherwise=ActionsDue()),
            today=today,
        )

    async def _open(self, guild_id: int) -> tuple[Incident, ...]:
        still_open = filter(is_counted, await self._store.open_incidents(guild_id))
        return tuple(sorted(still_open, key=lambda one: self._policy.rules(one.severity).rank))

    async def _postmortems(self, guild_id: int) -> tuple[OwedPostmortem, ...]:
        return tuple(await self._store.owed_postmortems(guild_id))

    async def _actions(self, guild_id: int, today: date) -> ActionsDue:
        found = await open_action_items(self._store.sql, self._policy, guild_id)
        numbers = {one.item.incident_id for one in found[:_LINKED] if one.item.incident_id is not None}
        incidents = {number: await self._store.incident(number) for number in sorted(numbers)}
        return actions_due(found, incidents, today=today)

    async def _failed(self, parts: _PartCounter) -> tuple[DlqCounts | None, DlqCounts | None]:
        """Return the failures of the week and of the one before; None: not to be seen, or missing."""
        if not self._policy.sees_dlq:
            return None, None
        week = self._span(parts.week)
        found = await parts.count(DigestPart.DLQ, self._failures.counts(week.start, week.end), otherwise=None)
        if found is None:
            return None, None
        earlier = self._span(parts.week.previous())
        before = await parts.count(
            DigestPart.DLQ, self._failures.counts(earlier.start, earlier.end), otherwise=None
        )
        return found, before

    def _span(self, week: IsoWeek) -> Span:
        return Span(*week.bounds(self._policy.timezone))
