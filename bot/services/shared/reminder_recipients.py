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
    """The result of a look at a person who leads an incident."""

    HERE = auto()
    GONE = auto()  # no member any more
    HIDDEN = auto()  # a private incident that is not theirs


@dataclass(frozen=True, slots=True)
class Absence:
    """The people whom a reminder must not ask.

    Attributes:
        gone: Ids of commander and responder who have left the server.
        hidden: Ids of those who may not see a private incident: a mention in its thread would let them in.
        place: The on-call place to ask instead when both are absent; None when that is not needed, or when
            no person on call is on the server.
    """

    gone: frozenset[int] = frozenset()
    hidden: frozenset[int] = frozenset()
    place: str | None = None

    @property
    def all(self) -> frozenset[int]:
        """Return the ids of all of them."""
        return self.gone | self.hidden


#: Everybody is there, as far as anybody knows.
NOBODY: Final = Absence()


class ReminderRecipients:
    """Looks at those who lead."""

    def __init__(self, discord: Discord, oncall: OnCall, access: Access) -> None:
        self._discord = discord
        self._oncall = oncall
        self._access = access

    async def look(self, incident: Incident) -> Absence:
        """Look if the commander, or else the responder, is still on the server and may see the incident.

        As a rule this is one request to Discord; further ones follow only when a person is absent. When
        Discord cannot be asked, a person counts as present. In a private incident they must also be a member
        or on call for that.
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
        if holder.id <= 0:  # stands for a person who acknowledged by email: it cannot be mentioned
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
