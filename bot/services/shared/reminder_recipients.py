"""The recipients of reminders: only people who are on the server and may see the incident."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.delivery.delivery import Delivery
from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.domain.incident.incident import Incident, PersonRef
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.ports import Discord
from bot.services.shared.access import Access
from bot.services.shared.roster import OnCall
from bot.storage.tables.incidents import MemberRows
from bot.storage.transaction import Transaction


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
        """Return the ids of the people who are gone or may not see the incident."""
        return self.gone | self.hidden


class Presence(StrEnum):
    """Whether a person can be asked about an incident."""

    HERE = "here"
    GONE = "gone"  # has left the server
    HIDDEN = "hidden"  # may not see the private incident


@dataclass(frozen=True, slots=True)
class StandIn:
    """Who is asked in the place of an absent person: one who led the incident, else an on-call place.

    Both are None if no one is there.
    """

    lead: PersonRef | None
    place: str | None


class ReminderRecipients:
    """Finds out which of the people who lead an incident are absent."""

    def __init__(self, policy: Policy, discord: Discord, oncall: OnCall, access: Access) -> None:
        self._policy = policy
        self._discord = discord
        self._oncall = oncall
        self._access = access

    async def look(self, incident: Incident) -> Absence:
        """Look if the commander and the responder are still on the server and may see the incident.

        When Discord cannot be asked, a person counts as present. In a private incident they must also be a
        member or on call for that.
        """
        gone: set[int] = set()
        hidden: set[int] = set()
        leads = {lead.id: lead for lead in (incident.commander, incident.on_it) if lead is not None}
        for lead in leads.values():
            if lead.id <= 0:  # of a person who acknowledged by email: it cannot be looked up
                continue
            match await self.presence(lead, incident, guild_id=incident.guild_id):
                case Presence.GONE:
                    gone.add(lead.id)
                case Presence.HIDDEN:
                    hidden.add(lead.id)
                case Presence.HERE:
                    pass
        is_none_left = bool(leads) and not leads.keys() - gone - hidden
        place = await self._first_on_call(incident.guild_id, incident) if is_none_left else None
        return Absence(frozenset(gone), frozenset(hidden), place)

    async def presence(self, who: PersonRef, incident: Incident | None, *, guild_id: int) -> Presence:
        """Look if *who* is on the server and may see the incident, if there is one.

        A person who cannot be looked up counts as here.
        """
        is_private = incident is not None and incident.is_private
        person = await self._find(who, guild_id=guild_id, with_roles=is_private)
        if person is None:
            return Presence.GONE
        sees = incident is None or await self._access.sees(person, incident)
        return Presence.HERE if sees else Presence.HIDDEN

    async def stand_in(self, absent: PersonRef, incident: Incident | None, *, guild_id: int) -> StandIn:
        """Return who is asked about the incident, if there is one, instead of *absent*."""
        if incident is None:
            return StandIn(None, await self._first_on_call(guild_id, None))
        absence = await self.look(incident)
        lead = incident.lead_without(absence.all | {absent.id})
        if lead is not None and lead.id > 0:
            return StandIn(lead, None)
        return StandIn(None, absence.place or await self._first_on_call(guild_id, incident))

    async def _find(self, lead: PersonRef, *, guild_id: int, with_roles: bool) -> Person | None:
        """Return a person, with their roles if a private incident asks for them; None if they left."""
        look_up = self._discord.member if with_roles else self._discord.person
        try:
            return await look_up(guild_id, str(lead.id))
        except DeliveryRefused as refused:
            return None if refused.is_no_member else Person(lead.id, lead.name)
        except UpstreamUnavailable:
            return Person(lead.id, lead.name)

    async def _first_on_call(self, guild_id: int, incident: Incident | None) -> str | None:
        """Return the first place with a person who is here: the incident's team's first, then any."""
        holders = await self._oncall.holders(guild_id)
        own = () if incident is None else self._policy.places_of(incident)
        for place in dict.fromkeys([*own, *holders]):
            person = holders.get(place)
            if person is not None and await self._is_here(guild_id, person.handle):
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


async def is_reader_removed(tx: Transaction, delivery: Delivery) -> bool:
    """Return True if the reader of a DM was removed from its private incident since it was queued."""
    kind, _, reader = delivery.to.partition(":")
    if delivery.incident_id is None or kind != "user":
        return False
    return int(reader) in {one.id for one in await MemberRows(tx.sql).removed_members(delivery.incident_id)}
