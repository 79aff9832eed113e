"""Whom a reminder is for: somebody who has left the server would hear nothing of it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.domain.incident import Incident
from bot.services.oncall import OnCall
from bot.services.ports import Discord

#: Discord: Unknown Member, Unknown User.
_NO_MEMBER: Final = frozenset({10007, 10013})


@dataclass(frozen=True, slots=True)
class Absence:
    """Who is not there any more.

    Attributes:
        gone: Ids of those who lead the incident, or are on it, and have left.
        place: The on-call place to ask instead, when nobody else is left; None: there is somebody, or nobody.
    """

    gone: frozenset[int]
    place: str | None = None


#: Everybody is there, as far as anybody knows.
NOBODY: Final = Absence(frozenset())


class Leads:
    """Looks at those who lead."""

    def __init__(self, discord: Discord, oncall: OnCall) -> None:
        self._discord = discord
        self._oncall = oncall

    async def look(self, incident: Incident, *, without: Collection[int] = ()) -> Absence:
        """Whether the commander, or else whoever is on it, is still there.

        One look in Discord as a rule: further ones only where somebody has left. When Discord cannot be
        asked, they count as there.

        Args:
            without: Ids of those who count as gone in any case.
        """
        gone: set[int] = set()
        for holder in (incident.commander, incident.on_it):
            if holder is None or holder.id in gone:
                continue
            has_id = holder.id > 0  # the stand-in of whoever acknowledged by email has none
            is_out = holder.id in without
            if not is_out and (not has_id or await self._is_here(incident.guild_id, str(holder.id))):
                return Absence(frozenset(gone))
            gone.add(holder.id)
        return Absence(frozenset(gone), await self._first_on_call(incident.guild_id)) if gone else NOBODY

    async def _first_on_call(self, guild_id: int) -> str | None:
        for place, person in (await self._oncall.standing(guild_id)).items():
            if await self._is_here(guild_id, person.handle):
                return place
        return None

    async def _is_here(self, guild_id: int, handle: str) -> bool:
        try:
            await self._discord.person(guild_id, handle)
        except DeliveryRefused as refused:
            return refused.code not in _NO_MEMBER
        except UpstreamUnavailable:
            return True
        return True
