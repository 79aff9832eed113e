"""The people at each place of the on-call order, now or at any moment."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.oncall.book import Book, Rosters, rosters
from bot.domain.oncall.people import OnCallPerson, Who
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.storage.store import Store
from bot.storage.tables.oncall import OnCallRows
from bot.storage.transaction import Transaction

#: How far back a roster reaches: where a shift that goes on began is looked for.
PAST: Final = timedelta(days=60)


class OnCall:
    """Answers from the policy and from what was written down in chat, read afresh each time.

    A *source* is the caller's transaction, if there is one.
    """

    def __init__(self, store: Store, policy: Policy) -> None:
        self._store = store
        self._policy = policy
        self._cached: dict[int, Mapping[str, OnCallPerson]] = {}

    async def rosters(
        self, guild_id: int, *, source: Store | Transaction | None = None, past: timedelta = timedelta()
    ) -> tuple[Rosters, datetime]:
        """Return every place's roster, and the database's time.

        Args:
            past: How far back they must be right.
        """
        book, now = await OnCallRows((source or self._store).sql).oncall_book_now(guild_id, past=past)
        return self.combined(book), now

    def combined(self, book: Book) -> Rosters:
        """Return every place's roster by the policy and *book*."""
        places = {name: (place.person, place.layers) for name, place in self._policy.oncall.items()}
        known = [*self._policy.team.values(), *(place.person for place in self._policy.oncall.values())]
        return rosters(places, known, book, hours=self._policy.business_hours)

    async def holders(
        self, guild_id: int, *, source: Store | Transaction | None = None
    ) -> dict[str, OnCallPerson]:
        """Read and cache the person on call at each place at this moment, in the order of asking."""
        found, now = await self.rosters(guild_id, source=source)
        holders = found.at(now)
        self._cached[guild_id] = holders
        return holders

    def cached_holders(self, guild_id: int) -> Mapping[str, OnCallPerson]:
        """Return the last result of `holders`, without a query; before the first, the people of the policy.

        The bot reads `holders` every `bot.process.ticks.ONCALL_S` seconds. While the database is away, the
        result may be older. It is for screens, and for alerts without the database.
        """
        policy = {name: place.person for name, place in self._policy.oncall.items()}
        return {**policy, **self._cached.get(guild_id, {})}

    async def reachable(self, guild_id: int, places: Sequence[str]) -> tuple[OnCallPerson, ...]:
        """Return the people at *places* whom an email reaches, in the order of asking.

        A substitute may have no known address: then the email goes to the person they replace.
        """
        return self._with_address(await self.holders(guild_id), places)

    def cached_reachable(self, guild_id: int, places: Sequence[str]) -> tuple[OnCallPerson, ...]:
        """Return `reachable` by `cached_holders`, for use while the database is away."""
        return self._with_address(self.cached_holders(guild_id), places)

    async def find_cached_holders(self, guild_id: int) -> Mapping[str, OnCallPerson]:
        """Return `cached_holders`, for callers that await a lookup of the same type as `holders`."""
        return self.cached_holders(guild_id)

    def _with_address(
        self, holders: Mapping[str, OnCallPerson], places: Container[str]
    ) -> tuple[OnCallPerson, ...]:
        asked = [(name, who) for name, who in holders.items() if name in places]
        people = [replace(who, email=who.email or self._policy.oncall[name].email) for name, who in asked]
        reachable: dict[str, OnCallPerson] = {}
        for who in people:
            if who.email is not None:
                reachable.setdefault(who.email, who)
        return tuple(reachable.values())

    async def person(self, guild_id: int, who: Who) -> OnCallPerson:
        """Return a person of the on-call book as the policy knows them, or else as they were written down."""
        found, _ = await self.rosters(guild_id)
        return found.person(who)

    async def is_on_call(
        self, guild_id: int, person: Person, *, source: Store | Transaction | None = None
    ) -> bool:
        """Return True if *person* is on call at any place now."""
        holders = await self.holders(guild_id, source=source)
        return any(each.is_for(person) for each in holders.values())

    async def distinct_holders(
        self, guild_id: int, places: Iterable[str], *, source: Store | Transaction | None = None
    ) -> dict[str, OnCallPerson]:
        """Return the people on call at *places* now; a person at two of them is listed at the first only.

        A place that the policy no longer knows is left out.
        """
        return distinct_people(await self.holders(guild_id, source=source), places)

    def cached_distinct_places(self, guild_id: int, places: Iterable[str]) -> list[str]:
        """Return the places of `distinct_holders` by `cached_holders`, for use while the database is away."""
        return list(distinct_people(self.cached_holders(guild_id), places))


def distinct_people(holders: Mapping[str, OnCallPerson], places: Iterable[str]) -> dict[str, OnCallPerson]:
    """Return the people of *holders* at *places*; a person at two of them is listed at the first only."""
    people: dict[str, OnCallPerson] = {}
    for place in places:
        person = holders.get(place)
        if person is not None and person.handle not in {known.handle for known in people.values()}:
            people[place] = person
    return people
