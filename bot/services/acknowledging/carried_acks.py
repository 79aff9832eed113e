"""Carrying an acknowledge over when its incident is merged: its responder also responds to the other."""

from collections.abc import Mapping

import structlog

from bot.domain.errors import BotError
from bot.domain.incident.incident import Holder, Incident, Status
from bot.domain.incident.transitions import AckVia
from bot.domain.people import Person
from bot.services.acknowledging.acknowledge import Acknowledger
from bot.services.ports import Discord
from bot.services.shared.access import Access
from bot.services.shared.changes import Change

log = structlog.get_logger(__name__)


class MustAsk(Exception):  # a signal to whoever locks: Discord is asked once the locks are gone
    """Whether *who* sees the incident that goes on depends on their roles."""

    def __init__(self, who: Holder, guild_id: int) -> None:
        super().__init__()
        self.who, self.guild_id = who, guild_id


class CarriedAcks:
    """Takes an acknowledge along."""

    def __init__(self, access: Access, discord: Discord, acknowledger: Acknowledger) -> None:
        self._access = access
        self._discord = discord
        self._acknowledger = acknowledger

    async def carry(self, duplicate: Incident, other: Change, *, known: Mapping[int, Person]) -> None:
        """Acknowledge *other* for the responder of *duplicate*: an escalation would only add a second person.

        If *other* is private and they may not see it, it is not acknowledged and its ladder goes on.

        Args:
            known: People with their roles, by the id that `Incident.on_it` has of them.

        Raises:
            MustAsk: they are not among *known*, and it depends on their roles.
        """
        on_it = duplicate.on_it
        if on_it is None or other.incident.status is not Status.TRIGGERED:
            return
        if not await self._sees(on_it, other, known):
            log.info("incident.ack_not_carried", incident_id=other.incident.id, user_id=on_it.id)
            return
        by = Person(id=on_it.id, name=on_it.name)
        result = await self._acknowledger.record(other.tx, other.incident, by=by, via=AckVia.MERGED)
        other.incident = result.incident

    async def look_up(self, asked: MustAsk) -> Person:
        """Return that person with their roles; without roles if Discord fails: better one page too many."""
        who = asked.who
        handle = str(who.id) if who.id > 0 else who.name  # by email: they are known by username alone
        try:
            return await self._discord.member(asked.guild_id, handle)
        except BotError as unknown:
            log.info("incident.ack_holder_not_asked", reason=type(unknown).__name__, user_id=who.id)
        return Person(who.id, who.name, username=who.name if who.id <= 0 else "")

    async def _sees(self, who: Holder, other: Change, known: Mapping[int, Person]) -> bool:
        incident, tx = other.incident, other.tx
        if await self._access.sees(Person(who.id, who.name), incident, source=tx):  # by name, without a role
            return True
        if who.id not in known:
            raise MustAsk(who, incident.guild_id)
        return await self._access.sees(known[who.id], incident, source=tx)
