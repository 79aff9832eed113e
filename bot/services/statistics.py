"""The figures of a period, for the digest, `/stats` and `/metrics`. Each method counts anew."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from bot.domain.incident.incident import Incident
from bot.domain.oncall.book import Rosters
from bot.domain.oncall.people import OnCallPerson, id_of
from bot.domain.oncall.rotation import Shift
from bot.domain.statistics.figures import (
    ALL,
    AlertQuality,
    Example,
    ExampleOf,
    Examples,
    IncidentFigures,
    Scope,
    TeamFigures,
    UnownedTime,
    WeekFigures,
    by_week,
    in_order,
)
from bot.domain.statistics.load import LoadRules, PageCounts, Paged, PersonLoad, loads, oncall_time
from bot.domain.statistics.period import IsoWeek, Period, PeriodKind, Span, so_far
from bot.runbook.model import Policy
from bot.services.shared.roster import OnCall
from bot.storage.store import Store
from bot.storage.tables.statistics import IncidentStatistics, LoadStatistics

#: The weeks of a trend.
TREND_WEEKS: Final = 8

#: How many targets, alerts and incidents without an owner are named.
BUSIEST: Final = 5
NOISIEST: Final = 3
UNOWNED: Final = 3

#: The reader of a page whose place is gone.
_UNKNOWN: Final = OnCallPerson("?", "?")

#: The most incidents that are listed, more than fit into a field of an embed.
LISTED: Final = 50


class Statistics:
    """Counts by the policy's severities, zone and business days.

    Every method raises StorageUnavailable. They are independent: a caller may show what it gets of them.
    """

    def __init__(self, store: Store, policy: Policy, oncall: OnCall) -> None:
        self._store = store
        self._policy = policy
        self._oncall = oncall

    @property
    def _rows(self) -> IncidentStatistics:
        return IncidentStatistics(self._store.sql, self._policy.ringing_alerts, tuple(self._policy.teams))

    async def now(self) -> datetime:
        """Return the database's time, aware, in the policy's zone."""
        return (await self._store.now()).astimezone(self._policy.timezone)

    async def incidents(self, guild_id: int, span: Span, scope: Scope = ALL) -> IncidentFigures:
        """Count the incidents of *span*; what is set aside and drills are counted whatever the scope."""
        found = await self._rows.severity_figures(guild_id, span, scope)
        rules = self._policy.severities
        promising = tuple(name for name, one in rules.items() if one.update_every is not None)
        return IncidentFigures(
            severities=in_order(found, self._severities(scope)),
            updates=await self._rows.update_figures(guild_id, span, scope, promising=promising),
            unowned=await self._unowned(guild_id, span, scope, limit=UNOWNED),
            set_aside=await self._rows.set_aside(guild_id, span),
            targets=tuple(await self._rows.busiest_targets(guild_id, span, scope, limit=BUSIEST)),
            drills=await self._rows.drill_figures(guild_id, span),
        )

    async def teams(self, guild_id: int, span: Span) -> tuple[TeamFigures, ...]:
        """Count *span* by team, the default team first; empty if the policy has no teams."""
        if not self._policy.teams:
            return ()
        found = {one.team: one for one in await self._rows.team_figures(guild_id, span)}
        return tuple(found.get(name, TeamFigures(name)) for name in (None, *self._policy.teams))

    async def this_week(self, guild_id: int) -> IncidentFigures:
        """Count by severity in the current ISO week so far: the incidents, and the time without an owner."""
        now = await self.now()
        span, _ = so_far(Period.containing(now.date(), PeriodKind.WEEK), self._policy.timezone, now=now)
        found = await self._rows.severity_figures(guild_id, span, ALL)
        return IncidentFigures(
            in_order(found, [*self._policy.severities]), unowned=await self._unowned(guild_id, span, ALL)
        )

    async def _unowned(self, guild_id: int, span: Span, scope: Scope, *, limit: int = 0) -> UnownedTime:
        rows = self._rows
        by_severity = await rows.unowned_by_severity(guild_id, span, scope)
        longest = await rows.most_unowned(guild_id, span, scope, limit=limit) if limit and by_severity else []
        return UnownedTime(by_severity, tuple(longest))

    async def late_incidents(self, guild_id: int, span: Span, scope: Scope = ALL) -> tuple[Incident, ...]:
        """Return incidents whose ack deadline was missed, oldest first, at most `LISTED`."""
        return tuple(await self._rows.late_incidents(guild_id, span, scope, limit=LISTED))

    async def trend(
        self, guild_id: int, last: IsoWeek, *, weeks: int = TREND_WEEKS, scope: Scope = ALL
    ) -> tuple[WeekFigures, ...]:
        """Return the figures of the *weeks* weeks that end with *last*, the earliest first."""
        asked, zone = list(last.last(weeks)), self._policy.timezone
        span = Span(asked[0].bounds(zone)[0], last.bounds(zone)[1])
        found = await self._rows.weekly_figures(guild_id, span, zone, scope)
        return by_week(found, asked, self._severities(scope))

    async def load(self, guild_id: int, span: Span) -> tuple[PersonLoad, ...]:
        """Return the pages to each person and their time on call, as far as *span* is over."""
        rosters, now = await self._rosters(guild_id, span)
        people = People(rosters)
        pages = await LoadStatistics(self._store.sql).page_counts(
            guild_id, span, self._policy.timezone, self._rules(span)
        )
        end = min(span.end, now)
        shifts: list[Shift] = []
        if span.start < end:  # a span that has not begun has no shifts
            shifts = [one for roster in rosters.places.values() for one in roster.shifts(span.start, end)]
        oncall = oncall_time(shifts)
        return loads(
            ((people.reader(one), one.pages) for one in pages),
            ((people.of(handle), held) for handle, held in oncall.items()),
        )

    async def alerts(self, guild_id: int, span: Span) -> AlertQuality:
        """Count what became of the alerts that began in *span*."""
        sources = await LoadStatistics(self._store.sql).alert_sources(guild_id, span)
        noisiest = await LoadStatistics(self._store.sql).noisiest_alerts(guild_id, span, limit=NOISIEST)
        return AlertQuality(tuple(sources), tuple(noisiest))

    async def examples(self, guild_id: int, span: Span) -> Examples:
        """Return an incident of *span* for each line of figures; a reader's is by their present handle."""
        rosters, _ = await self._rosters(guild_id, span)
        people = People(rosters)
        found = await LoadStatistics(self._store.sql).examples(guild_id, span)
        return Examples.by_name((one.of, _named(one, people), one.incident) for one in found)

    def _severities(self, scope: Scope) -> list[str]:
        return [name for name in self._policy.severities if scope.severity in (None, name)]

    async def _rosters(self, guild_id: int, span: Span) -> tuple[Rosters, datetime]:
        past = max(await self._store.now() - span.start, timedelta())
        return await self._oncall.rosters(guild_id, past=past)

    def _rules(self, span: Span) -> LoadRules:
        hours = self._policy.business_hours
        working = {day.number for day in hours.days}
        return LoadRules(
            sleep=self._policy.figures.sleep,
            free_days=tuple(number + 1 for number in range(7) if number not in working),
            holidays=tuple(day for day in self._days(span) if day in hours.holidays),
        )

    def _days(self, span: Span) -> Iterator[date]:
        """Yield the local dates that have a moment in *span*."""
        day, last = (moment.astimezone(self._policy.timezone).date() for moment in (span.start, span.end))
        while day <= last:
            yield day
            day += timedelta(days=1)


def _named(one: Example, people: "People") -> str:
    if one.of is ExampleOf.READER:
        return people.reader(Paged(one.name, one.place, PageCounts())).handle
    return one.name or ""


class People:
    """Finds the person of a handle, by which name and id they are known now."""

    def __init__(self, rosters: Rosters) -> None:
        self._known = rosters.people
        self._by_id: Mapping[int, OnCallPerson] = {
            one.user_id: one for one in rosters.people.values() if one.user_id is not None
        }
        self._places = rosters.places

    def of(self, handle: str) -> OnCallPerson:
        """Return the person, as the policy or the on-call book names them; else one with only the handle."""
        user_id = id_of(handle)
        found = self._known.get(handle) or (None if user_id is None else self._by_id.get(user_id))
        return found or OnCallPerson(handle, handle, user_id=user_id)

    def reader(self, paged: Paged) -> OnCallPerson:
        """Return who got the DMs; where that was not kept, the place's default holder, if it still exists."""
        if paged.handle is not None:
            return self.of(paged.handle)
        place = self._places.get(paged.place or "")
        return _UNKNOWN if place is None else self.of(place.always)
