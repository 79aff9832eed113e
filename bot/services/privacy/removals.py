"""Removing people from a private incident, unless they would still see it, by a role for instance.

See docs/internals/privacy.md.
"""

from typing import Final

from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import priority_of
from bot.domain.errors import UserError
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.privacy_payloads import MemberRemovedEntry, MemberRemovedNotice
from bot.runbook.model import Policy
from bot.services.incidents.roles import give_up
from bot.services.ports import Discord
from bot.services.shared.access import Access, Act
from bot.services.shared.changes import Change, Changes
from bot.services.shared.postings import member

#: Why a person cannot be removed, besides `Sight`: they are the last member.
_LAST: Final = "last"


class _Stays(Exception):  # a signal to ourselves: the refusal is recorded once the locks are gone
    """The person cannot be removed; *why* is a `Sight` or `_LAST`."""

    def __init__(self, why: str, incident: Incident) -> None:
        super().__init__()
        self.why, self.incident = why, incident


class Removals:
    """Removes members from private incidents."""

    def __init__(self, discord: Discord, policy: Policy, access: Access, changes: Changes) -> None:
        self._discord = discord
        self._policy = policy
        self._access = access
        self._changes = changes

    async def remove(self, incident_id: int, *, who: Person, by: Person, key: str) -> bool:
        """Remove *who* from a private incident and its roles; return False if they were not a member.

        They are removed from its thread each time: they may be in it without membership, from when they were
        on call. People who see it may remove themselves.

        Args:
            key: Unique for the request: the same key removes them from the thread once.

        Raises:
            NotPermitted, IncidentNotFound; UserError: it is not private; *who* is a bot, sees it even without
                membership, or is the last person who sees it (the last two are on record).
                UpstreamUnavailable: Discord could not be asked whether another person sees it.
        """
        is_role_there = False
        while True:
            try:
                return await self._remove(incident_id, who, by=by, key=key, is_role_there=is_role_there)
            except _Stays as stays:
                guild_id = stays.incident.guild_id
                is_role_there = stays.why == _LAST and await self._discord.has_private_role(guild_id)
                if not is_role_there:
                    raise await self._refusal(stays, who, by=by) from None

    async def _remove(
        self, incident_id: int, who: Person, *, by: Person, key: str, is_role_there: bool
    ) -> bool:
        act = _removing(who, by=by)
        async with self._changes.change(incident_id, by=by, act=act) as change:
            incident = change.incident
            if not incident.is_private:
                raise UserError("private_not_removed", incident=incident.label)
            if who.is_bot:
                raise UserError("private_for_bot", who=who.name)
            sight = await self._access.sight(who, guild_id=incident.guild_id, source=change.tx)
            if sight is not None:
                raise _Stays(sight, incident)
            if not is_role_there and await change.tx.members(incident_id) == [who.id]:
                raise _Stays(_LAST, incident)
            return await self._take_out(change, who, act, key=key)

    async def _take_out(self, change: Change, who: Person, act: Act, *, key: str) -> bool:
        incident, facts = change.incident, {"id": who.id, "name": who.name}
        was_named = await change.tx.remove_member(incident.id, who, by=change.by)
        priority = priority_of(self._policy.rules(incident.severity).rank)
        request = member(
            incident, f"user:{who.id}", priority=priority, name=who.name, asked=key, removes=True
        )
        await change.tx.insert_deliveries([request])
        await change.save(transitions.renewed(incident))
        if incident.is_open:
            await give_up(change, {who.id})
        if not was_named:
            data = AuditData(incident.id, facts=facts)
            await change.tx.audit(guild_id=incident.guild_id, by=change.by, action=act, data=data)
            return False
        await change.record(MemberRemovedEntry(id=who.id, name=who.name))
        told = MemberRemovedNotice(who=who.name, is_own=act is Act.LEAVE)
        await change.say(told, key=f"member_removed:{who.id}:{key}")
        return True

    async def _refusal(self, stays: _Stays, who: Person, *, by: Person) -> UserError:
        """Return the error to show *by*, and record the refusal."""
        act, incident = _removing(who, by=by), stays.incident
        await self._access.note_refused(
            by,
            act.permission,
            guild_id=incident.guild_id,
            act=act,
            incident_id=incident.id,
            id=who.id,
            why=stays.why,
        )
        roles = self._access.roles(act.permission)
        return UserError(f"private_stays_{stays.why}", incident=incident.label, who=who.name, roles=roles)


def _removing(who: Person, *, by: Person) -> Act:
    return Act.LEAVE if who.id == by.id else Act.REMOVE_MEMBER
