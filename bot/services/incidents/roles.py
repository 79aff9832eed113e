"""The roles of an incident, commander, communicator and scribe: people take them or give them."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.delivery.delivery import NewDelivery, priority_of
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import InvalidTransition, RecordedRefusal, UserError
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, PersonRef, Role, Status
from bot.domain.incident.posting import RoleDm
from bot.domain.incident.records import JoinedEntry, RoleChangedEntry, RoleChangedNotice
from bot.domain.incident.transitions import AckOutcome, AckVia
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry
from bot.runbook.model import Policy
from bot.services.acknowledging.acknowledge import Acknowledger
from bot.services.shared.access import Access, Act
from bot.services.shared.changes import Change, Changes
from bot.services.shared.jobs import note_sign_of_life
from bot.services.shared.postings import notice
from bot.storage.tables.acknowledgements import AcknowledgementWrites
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.incidents import IncidentWrites
from bot.storage.tables.timeline import TimelineWrites
from bot.storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Assigned:
    """The outcome of a change of role.

    Attributes:
        former: The holder before; None when it was vacant.
        changed: False if the holder is the same as before.
        at: When it was changed, or would have been.
        acknowledged: Taking it was the first acknowledgement.
    """

    incident: Incident
    role: Role
    former: PersonRef | None
    changed: bool
    at: datetime
    acknowledged: bool = False

    @property
    def holder(self) -> PersonRef | None:
        """Return the current holder; None if the role is vacant."""
        return self.incident.roles.get(self.role)


class Roles:
    """Assigns and releases the roles of an incident.

    Every method raises as `Changes.change`, and InvalidTransition if the incident has ended.
    """

    def __init__(self, access: Access, changes: Changes, acknowledger: Acknowledger) -> None:
        self._access = access
        self._changes = changes
        self._acknowledger = acknowledger

    async def take(self, incident_id: int, role: Role, *, by: Person) -> Assigned:
        """Give *role* to *by*, and take it from its former holder.

        *by* becomes a responder with it; taking the role of commander acknowledges the incident.
        """
        async with self._changes.change(incident_id, by=by, act=Act.TAKE_ROLE) as change:
            is_first = await self._respond(change, role)
            result = await put(change, role, PersonRef(by.id, by.name))
            former = result.former
            if result.changed and former is not None and former.id > 0:
                dm = role_dm(result.incident, role, former, by=by, policy=change.policy, taken_over=True)
                await DeliveryWrites(change.tx.sql).insert_deliveries([dm])
        return replace(result, acknowledged=is_first)

    async def give(self, incident_id: int, role: Role, *, to: Person, by: Person) -> Assigned:
        """Give *role* to *to*, with a DM to them. It acknowledges nothing: they have not answered yet.

        Raises:
            UserError: *to* is a bot.
            RecordedRefusal: *to* may not see the incident, or has no role that may respond. They
                could neither write a note nor step down.
        """
        if to.id == by.id:
            return await self.take(incident_id, role, by=by)
        if to.is_bot:
            raise UserError("role_for_bot", who=to.name)
        async with self._changes.change(incident_id, by=by, act=Act.GIVE_ROLE) as change:
            await self._require_fit(to, change)
            holder = PersonRef(to.id, to.name)
            result = await put(change, role, holder)
            if result.changed:
                dm = role_dm(result.incident, role, holder, by=by, policy=change.policy)
                await DeliveryWrites(change.tx.sql).insert_deliveries([dm])
        return result

    async def release(
        self, incident_id: int, role: Role, *, by: Person, holder_id: int | None = None
    ) -> Assigned:
        """Make *role* vacant.

        Args:
            holder_id: Release it only if this person has it, perhaps *by*; None for any holder.

        Raises:
            InvalidTransition: another person has the role.
        """
        async with self._changes.change(incident_id, by=by, act=Act.RELEASE_ROLE) as change:
            held = change.incident.roles.get(role)
            if held is not None and holder_id not in (None, held.id):
                if holder_id == by.id:
                    raise InvalidTransition("role_held_by_other", who=held.name)
                raise InvalidTransition("role_not_theirs", who=held.name)
            return await put(change, role, None)

    async def _respond(self, change: Change, role: Role) -> bool:
        """Make the person who takes *role* a responder; return True if that was the first acknowledgement."""
        incident = change.incident
        if incident.status is Status.TRIGGERED and role is not Role.COMMANDER:
            # Other roles do not mend the trouble: the ladder goes on until an acknowledgement.
            if await AcknowledgementWrites(change.tx.sql).join(incident.id, change.by, via=AckVia.ROLE):
                await change.record(JoinedEntry(via=AckVia.ROLE.value))
            return False
        result = await self._acknowledger.record(change.tx, incident, by=change.by, via=AckVia.ROLE)
        change.incident = result.incident
        return result.outcome is AckOutcome.FIRST

    async def _require_fit(self, to: Person, change: Change) -> None:
        """Check that *to* may see the incident and may respond: a role must not reveal a private incident.

        The incident is locked, so that a removal of a member, or making it private, waits for this.
        """
        if not await self._access.sees(to, change.incident, source=change.tx):
            raise RecordedRefusal("role_not_visible", incident=change.incident.label, who=to.name)
        permission = Act.TAKE_ROLE.permission
        if not self._access.allows(to, permission, about=change.incident):
            roles = self._access.roles(permission, about=change.incident)
            raise RecordedRefusal("role_not_allowed", who=to.name, roles=roles)


async def put(change: Change, role: Role, holder: PersonRef | None) -> Assigned:
    """Give *role* to *holder*, or make it vacant if that is None."""
    former = change.incident.roles.get(role)
    assigned = transitions.assign(change.incident, role, holder)
    if _id(former) == _id(holder):
        return Assigned(change.incident, role, former, changed=False, at=change.now)
    await change.save(assigned)
    told = RoleChangedNotice(role=role, holder=holder, former=former)
    line = f"role:{assigned.version}"
    entry = RoleChangedEntry(role=role.value, holder=told.holder, former=told.former)
    await change.record(entry, line=line)
    await change.say(replace(told, by_id=change.by.id), key=line)
    change.incident = await note_sign_of_life(change.tx, change.policy, change.incident, now=change.now)
    return Assigned(change.incident, role, former, changed=True, at=change.now)


async def give_up(change: Change, gone: Collection[int]) -> None:
    """Make vacant the roles of people with the ids *gone*, who may no longer see the incident."""
    for role, holder in change.incident.roles.items():
        if holder.id in gone:
            await put(change, role, None)


async def vacate(
    tx: Transaction, policy: Policy, incident: Incident, gone: Collection[int], *, now: datetime
) -> Incident:
    """Make vacant the roles of people with the ids *gone*, who have left the server.

    Args:
        incident: Locked.

    Returns:
        As it is saved; the caller asks for the refresh.
    """
    left = [(role, holder) for role, holder in incident.roles.items() if holder.id in gone]
    for role, holder in left:
        incident = transitions.assign(incident, role, None)
        await IncidentWrites(tx.sql).save(incident)
        told = RoleChangedNotice(role=role, holder=None, former=holder, gone=True)
        line = f"role:{incident.version}"
        entry = RoleChangedEntry(role=role.value, holder=None, former=told.former, gone=True, line=line)
        await TimelineWrites(tx.sql).add_timeline(incident.id, TimelineEntry.of(entry, now))
        await DeliveryWrites(tx.sql).insert_deliveries([notice(incident, policy, told, key=line)])
    return incident


def role_dm(
    incident: Incident, role: Role, reader: PersonRef, *, by: Person, policy: Policy, taken_over: bool = False
) -> NewDelivery:
    """Return the DM that tells *reader* that *by* gave them the role, or took it over from them.

    Args:
        incident: As saved, with its new holder.
    """
    key = f"inc:{incident.id}:role:{incident.version}"
    data = RoleDm(role=role, holder_id=reader.id, holder=reader.name, by=by.name, taken_over=taken_over)
    return NewDelivery(
        kind=DeliveryKind.ROLE_DM,
        to=f"user:{reader.id}",
        key=f"{key}:taken:dm" if taken_over else f"{key}:dm",
        guild_id=incident.guild_id,
        incident_id=incident.id,
        data=data.to_json(),
        priority=priority_of(policy.rules_of(incident).rank),
    )


def _id(holder: PersonRef | None) -> int | None:
    return None if holder is None else holder.id
