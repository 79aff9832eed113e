"""`/stats`: the figures of a period beside those of the one before, and how fair the on-call load is."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from bot.domain.errors import UserError
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.statistics.figures import ALL, AlertQuality, IncidentFigures, Scope, WeekFigures
from bot.domain.statistics.load import SINCE, Fairness, PersonLoad, PlannedShift, fairness
from bot.domain.statistics.period import IsoWeek, Period, Span, so_far
from bot.services.core import Core

#: How far ahead shifts to swap are looked for, and from where on a shift has no planned end.
_AHEAD: Final = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class StatisticsQuestion:
    """What a person wants to see; each None means all.

    Attributes:
        person: Incidents that they acknowledged, first or later, and their load.
        team: As in `Scope`.
    """

    period: Period
    severity: str | None = None
    target: str | None = None
    person: Person | None = None
    team: str | None = None

    @property
    def scope(self) -> Scope:
        """Return the filters as the scope of the figures."""
        return Scope(self.severity, self.target, None if self.person is None else self.person.id, self.team)


@dataclass(frozen=True, slots=True)
class StatsView:
    """The figures of a period.

    Attributes:
        goes_on: The period is not over.
        before: The figures of the period before it, or of the same stretch of it while this one goes on.
        late: Incidents that were not acknowledged by the deadline.
        load: By person; None for a severity, a target or a team, of which no load is known.
        hides_load: The load of others is left out: the policy shows it to some roles only.
        alerts: None unless everything was asked for.
        trend: The weeks that end with the last one of the period.
    """

    question: StatisticsQuestion
    now: datetime
    goes_on: bool
    figures: IncidentFigures
    before: IncidentFigures
    late: tuple[Incident, ...]
    load: tuple[PersonLoad, ...] | None
    hides_load: bool
    alerts: AlertQuality | None
    trend: tuple[WeekFigures, ...]


class StatsViews:
    """The use cases of `/stats`. Everybody who may respond may ask."""

    def __init__(self, core: Core) -> None:
        self._guild_id = core.guild_id
        self._statistics = core.statistics
        self._policy = core.policy
        self._access = core.access
        self._oncall = core.oncall
        #: Draws what the figures are shown with.
        self.charts = core.charts

    async def now(self) -> datetime:
        """Return the database's time in the policy's zone: periods that people type count from it."""
        return await self._statistics.now()

    async def show(self, question: StatisticsQuestion, *, by: Person) -> StatsView:
        """Return the figures that were the *question* asks for.

        Raises:
            NotPermitted: *by* may not respond, or asks about another person, whose load is not theirs to see.
            UserError: the period has not begun. StorageUnavailable.
        """
        require = partial(
            self._access.require, by, guild_id=self._guild_id, act="stats", period=str(question.period)
        )
        await require("acknowledge")
        if question.person is not None and question.person.id != by.id:
            await require("load", about=question.person.id)
        now, counted, scope = await self.now(), self._statistics, question.scope
        guild_id = self._guild_id
        if question.period.first > now.date():
            raise UserError("period_ahead", period=str(question.period))
        span, before = so_far(question.period, self._policy.timezone, now=now)
        last = IsoWeek.of(min(question.period.last, now.date()))
        return StatsView(
            question=question,
            now=now,
            goes_on=now < question.period.span(self._policy.timezone).end,
            figures=await counted.incidents(guild_id, span, scope),
            before=await counted.incidents(guild_id, before, scope),
            late=await counted.late_incidents(guild_id, span, scope),
            load=await self._load(span, question, by=by),
            hides_load=not self._access.allows(by, "load"),
            alerts=await counted.alerts(guild_id, span) if scope == ALL else None,
            trend=await counted.trend(guild_id, last, scope=scope),
        )

    async def fairness(self, *, by: Person) -> Fairness:
        """Return the load of the last three months, and a swap that would make it fairer.

        A person who may not see the load of others gets their own alone, beside the means.

        Raises:
            NotPermitted: *by* may not respond. StorageUnavailable.
        """
        await self._access.require(by, "acknowledge", guild_id=self._guild_id, act="fairness")
        now = await self.now()
        since = now - SINCE
        load = await self._statistics.load(self._guild_id, Span(since, now))
        rosters, at = await self._oncall.rosters(self._guild_id)
        planned = [  # the coming shifts that have a planned end
            PlannedShift(place, order, rosters.people[shift.person], shift.starts, shift.ends)
            for order, (place, roster) in enumerate(rosters.places.items())
            for shift in roster.shifts(at, at + _AHEAD)[1:]
            if shift.ends < at + _AHEAD
        ]
        compared = fairness(load, planned, since=since)
        if self._access.allows(by, "load"):
            return compared
        return replace(compared, loads=self._seen_by(by, load), overloads=())

    async def _load(
        self, span: Span, question: StatisticsQuestion, *, by: Person
    ) -> tuple[PersonLoad, ...] | None:
        if (question.severity, question.target, question.team) != (None, None, None):
            return None
        load = self._seen_by(by, await self._statistics.load(self._guild_id, span))
        if question.person is None:
            return load
        return tuple(one for one in load if one.person.is_for(question.person))

    def _seen_by(self, by: Person, load: tuple[PersonLoad, ...]) -> tuple[PersonLoad, ...]:
        if self._access.allows(by, "load"):
            return load
        return tuple(one for one in load if one.person.is_for(by))
