"""The hours on call of a month, as they are read for one guild."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from bot.domain.errors import NotPermitted
from bot.domain.oncall.book import Rosters
from bot.domain.oncall.people import DutyKind, OnCallPerson
from bot.domain.oncall.rotation import Shift
from bot.domain.people import Person
from bot.domain.statistics.load import LoadRules, PageCounts
from bot.domain.statistics.period import Period, Span
from bot.runbook.model import Policy
from bot.services.core import Core
from bot.services.shared.access import Access
from bot.services.shared.roster import OnCall
from bot.services.statistics import People
from bot.storage.store import Store
from bot.storage.tables.statistics import LoadStatistics
from cogs.hours.rules import HourCalendar, HourRules, Hours

#: What the policy file says of who is on call; how it read last month is not kept.
_BY_POLICY = frozenset({DutyKind.LAYER, DutyKind.ALWAYS})


@dataclass(frozen=True, slots=True)
class PersonHours:
    """The month of one person.

    Attributes:
        pages: DMs of ladders that reached them.
        night_pages: Those of them that came at night, on any day.
    """

    person: OnCallPerson
    hours: Hours
    pages: int = 0
    night_pages: int = 0


@dataclass(frozen=True, slots=True)
class MonthHours:
    """The hours on call of a month.

    Attributes:
        until: The end of what is counted, aware; of a month that goes on, the moment of the reading.
        is_ahead: The month has not begun: the hours are those of the plan.
        is_own: The reader sees their own hours alone.
        by_policy: Some of it is by the policy file as it reads today.
    """

    month: Period
    until: datetime
    people: tuple[PersonHours, ...]
    is_ahead: bool = False
    is_own: bool = False
    by_policy: bool = False


class OnCallHours:
    """Reads the hours on call of one guild."""

    def __init__(self, store: Store, policy: Policy, access: Access, oncall: OnCall, guild_id: int) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self._oncall = oncall
        self._guild_id = guild_id

    async def now(self) -> datetime:
        """Return the database's time, aware, in the policy's zone."""
        return (await self._store.now()).astimezone(self._policy.timezone)

    async def of_month(self, month: Period, *, by: Person, about: Person | None = None) -> MonthHours:
        """Return the hours of each person in *month*.

        Args:
            about: One person alone. Without one, those who may not change the schedule see their own hours.

        Raises:
            NotPermitted: *by* may not see the hours of *about*; on record.
        """
        if about is None and not self._access.allows(by, "oncall"):
            about = by
        if about is not None and about.id != by.id:
            try:
                await self._access.require(by, "oncall", guild_id=self._guild_id, act="oncall_hours")
            except NotPermitted:  # they wanted to read, not to change who is on call
                raise NotPermitted(action="oncall_hours", roles=self._access.roles("oncall")) from None
        whole = month.span(self._policy.timezone)
        past = max(await self._store.now() - whole.start, timedelta())
        rosters, now = await self._oncall.rosters(self._guild_id, past=past)
        is_ahead = now <= whole.start
        span = whole if is_ahead else Span(whole.start, min(whole.end, now))
        pieces = list(_pieces(rosters, span))
        pages = await self._pages(rosters, span)
        calendar = HourCalendar(self._policy.business_hours, self._rules.night)
        hours = calendar.split(shift for shift, _ in pieces)
        known = People(rosters)
        found = [
            PersonHours(person, hours.get(handle, Hours()), counts.total, counts.asleep)
            for handle, (person, counts) in {
                **{handle: (known.of(handle), PageCounts()) for handle in hours},
                **pages,
            }.items()
            if about is None or person.is_for(about)
        ]
        return MonthHours(
            month=month,
            until=span.end,
            people=tuple(sorted(found, key=lambda one: (-one.hours.total, one.person.name))),
            is_ahead=is_ahead,
            is_own=about is not None and about.id == by.id,
            by_policy=not is_ahead and any(by_policy for _, by_policy in pieces),
        )

    async def _pages(self, rosters: Rosters, span: Span) -> dict[str, tuple[OnCallPerson, PageCounts]]:
        """Return the pages of each person by handle."""
        rules = LoadRules(self._rules.night, free_days=(), holidays=())
        rows = await LoadStatistics(self._store.sql).page_counts(
            self._guild_id, span, self._policy.timezone, rules
        )
        people, found = People(rosters), dict[str, tuple[OnCallPerson, PageCounts]]()
        for row in rows:
            person = people.reader(row)
            _, before = found.get(person.handle, (person, PageCounts()))
            found[person.handle] = (person, before + row.pages)
        return found

    @property
    def _rules(self) -> HourRules:
        return self._policy.of(HourRules)


def _pieces(rosters: Rosters, span: Span) -> Iterator[tuple[Shift, bool]]:
    """Yield the shifts of *span*, and whether the policy file alone makes each."""
    for roster in rosters.places.values():
        for since, until in pairwise(roster.edges(span.start, span.end)):
            duty = roster.duty_at(since)
            yield Shift(duty.who, since, until), duty.kind in _BY_POLICY


def build(core: Core) -> OnCallHours:
    """Make the use cases of one guild."""
    return OnCallHours(core.store, core.policy, core.access, core.oncall, core.guild_id)
