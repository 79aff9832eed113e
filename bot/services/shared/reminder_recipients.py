"""Whom a reminder is for: neither who has left the server, nor who may not see the incident."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.domain.incident.incident import Holder, Incident
from bot.domain.people import Person
from bot.services.ports import Discord
from bot.services.shared.access import Access
from bot.services.shared.roster import OnCall


class _Found(Enum):
    """What is known of somebody who leads."""

    HERE = auto()
    GONE = auto()  # no member any more
    HIDDEN = auto()  # a private incident that is not theirs


@dataclass(frozen=True, slots=True)
class Absence:
    """Who is not to be asked.

    Attributes:
        gone: Ids of those who lead the incident, or are on it, and have left the server.
        hidden: Ids of those who may not see it, a private one: a mention in its thread would let them in.
        place: The on-call place to ask instead, when nobody else is left; None: there is somebody, or nobody.
    """

    gone: frozenset[int] = frozenset()
    hidden: frozenset[int] = frozenset()
    place: str | None = None

    @property
    def all(self) -> frozenset[int]:
        """The ids of all of them."""
        return self.gone | self.hidden


#: Everybody is there, as far as anybody knows.
NOBODY: Final = Absence()


class Leads:
    """Looks at those who lead."""

    def __init__(self, discord: Discord, oncall: OnCall, access: Access) -> None:
        self._discord = discord
        self._oncall = oncall
        self._access = access

    async def look(self, incident: Incident) -> Absence:
        """Whether the commander, or else whoever is on it, is still there and may see it.

        One look in Discord as a rule: further ones only where somebody is not. When Discord cannot be asked,
        they count as there; in a private incident they must be named, or on call, for that.
        """
        found: dict[int, _Found] = {}
        for holder in (incident.commander, incident.on_it):
            if holder is None or holder.id in found:
                continue
            found[holder.id] = await self._look_at(holder, incident)
            if found[holder.id] is _Found.HERE:
                return _absence(found)
        return (
            replace(_absence(found), place=await self._first_on_call(incident.guild_id)) if found else NOBODY
        )

    async def _look_at(self, holder: Holder, incident: Incident) -> _Found:
        if holder.id <= 0:  # the stand-in of whoever acknowledged by email: nobody can mention it
            return _Found.HERE
        if not incident.is_private:
            return _Found.HERE if await self._is_here(incident.guild_id, str(holder.id)) else _Found.GONE
        try:
            person = await self._discord.member(incident.guild_id, str(holder.id))
        except DeliveryRefused as refused:
            if refused.is_no_member:
                return _Found.GONE
            person = Person(holder.id, holder.name)
        except UpstreamUnavailable:
            person = Person(holder.id, holder.name)
        return _Found.HERE if await self._access.sees(person, incident) else _Found.HIDDEN

    async def _first_on_call(self, guild_id: int) -> str | None:
        for place, person in (await self._oncall.standing(guild_id)).items():
            if await self._is_here(guild_id, person.handle):
                return place
        return None

    async def _is_here(self, guild_id: int, handle: str) -> bool:
        try:
            await self._discord.person(guild_id, handle)
        except DeliveryRefused as refused:
            return not refused.is_no_member
        except UpstreamUnavailable:
            return True
        return True


def _absence(found: Mapping[int, _Found]) -> Absence:
    gone, hidden = (
        frozenset(one for one, is_ in found.items() if is_ is why) for why in (_Found.GONE, _Found.HIDDEN)
    )
    return Absence(gone, hidden)
