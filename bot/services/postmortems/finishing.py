"""What people do about an owed postmortem: they finish it, take that back, or hand it over."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from bot.domain.delivery.delivery import DeliveryKind, NewDelivery
from bot.domain.errors import InvalidTransition, Unfit, UserError
from bot.domain.incident import transitions
from bot.domain.incident.aftermath import Postmortem, PostmortemState
from bot.domain.incident.incident import Incident, PersonRef
from bot.domain.people import Person
from bot.domain.postmortem import owing
from bot.domain.postmortem.deliveries import PostmortemDm
from bot.domain.postmortem.entries import PostmortemDoneEntry, PostmortemOwedEntry, PostmortemOwnerEntry
from bot.domain.postmortem.notices import PostmortemDoneNotice, PostmortemOwedNotice, PostmortemOwnerNotice
from bot.runbook.model import Policy
from bot.services.ports import Store
from bot.services.postmortems.owed import put
from bot.services.shared.access import Access, Act
from bot.services.shared.changes import Change, Changes


@dataclass(frozen=True, slots=True)
class PostmortemChange:
    """The outcome of a change of a postmortem.

    Attributes:
        postmortem: As it is now.
        changed: False if it was so before.
    """

    incident: Incident
    postmortem: Postmortem
    changed: bool


class Postmortems:
    """Finishes postmortems and hands them over.

    Every method that changes one raises as `Changes.change`; UserError: the incident never owed one;
    InvalidTransition: it goes on, so that nothing is owed.
    """

    def __init__(self, store: Store, policy: Policy, access: Access, changes: Changes) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self._changes = changes

    async def offered(self, guild_id: int, *, by: Person) -> list[Incident]:
        """Return the incidents that owe a postmortem, those that *by* may see; the earliest date first."""
        owed = await self._store.owed_postmortems(guild_id)
        return [one.incident for one in owed if await self._access.sees(by, one.incident)]

    async def done(self, incident_id: int, *, by: Person) -> PostmortemChange:
        """Record that the postmortem is done. A second time is an outcome, not an error."""
        async with self._changing(incident_id, by=by, act=Act.FINISH_POSTMORTEM) as (change, postmortem):
            if postmortem.state is PostmortemState.DONE:
                return PostmortemChange(change.incident, postmortem, changed=False)
            finished = await finish(change, postmortem, by=PersonRef(by.id, by.name))
        return PostmortemChange(change.incident, finished, changed=True)

    async def undo(self, incident_id: int, *, by: Person) -> PostmortemChange:
        """Take back that the postmortem is done; reminders that had not come yet will come."""
        async with self._changing(incident_id, by=by, act=Act.OWE_POSTMORTEM) as (change, postmortem):
            transitions.require_resolved(change.incident)
            if postmortem.is_owed:
                return PostmortemChange(change.incident, postmortem, changed=False)
            owed = owing.owed_again(postmortem, self._policy.business_hours, now=change.now)
            line = await _saved(change, owed)
            await change.record(PostmortemOwedEntry(due_on=owed.due_on), line=line)
            owner = PersonRef(owed.owner_id, owed.owner_name)
            await change.say(PostmortemOwedNotice(owner=owner, due_on=owed.due_on), key=line)
        return PostmortemChange(change.incident, owed, changed=True)

    async def give(self, incident_id: int, *, to: Person, by: Person) -> PostmortemChange:
        """Hand the postmortem over to *to*, with a DM unless that is *by*. Its date stays.

        Raises:
            UserError: *to* is a bot; Unfit: they may not see the incident, or have no role that may respond;
                on record. InvalidTransition: it is done.
        """
        if to.is_bot:
            raise UserError("postmortem_for_bot", who=to.name)
        async with self._changing(incident_id, by=by, act=Act.GIVE_POSTMORTEM) as (change, postmortem):
            if postmortem.state is PostmortemState.DONE:
                raise InvalidTransition("postmortem_done", incident=change.incident.label)
            if postmortem.owner_id == to.id:
                return PostmortemChange(change.incident, postmortem, changed=False)
            await self._require_fit(to, change)
            given = await _given(change, postmortem, PersonRef(to.id, to.name))
        return PostmortemChange(change.incident, given, changed=True)

    @asynccontextmanager
    async def _changing(
        self, incident_id: int, *, by: Person, act: Act
    ) -> AsyncIterator[tuple[Change, Postmortem]]:
        """Change an incident that owes a postmortem, or has one that is done."""
        async with self._changes.change(incident_id, by=by, act=act) as change:
            postmortem = await change.tx.postmortem(incident_id)
            if postmortem is None:
                raise UserError("postmortem_none", incident=change.incident.label)
            if postmortem.state is PostmortemState.NOT_OWED:
                raise InvalidTransition("postmortem_not_owed", incident=change.incident.label)
            yield change, postmortem

    async def _require_fit(self, to: Person, change: Change) -> None:
        if not await self._access.sees(to, change.incident, source=change.tx):
            raise Unfit("role_not_visible", incident=change.incident.label, who=to.name)
        permission = Act.FINISH_POSTMORTEM.permission
        if not self._access.allows(to, permission):
            raise Unfit("postmortem_not_allowed", who=to.name, roles=self._access.roles(permission))


async def finish(
    change: Change, postmortem: Postmortem, *, by: PersonRef, merged: str | None = None
) -> Postmortem:
    """Record in the caller's transaction that an owed postmortem is done; reminders end.

    Args:
        by: Who finished it; the id is 0 for a person whom Discord does not know.
        merged: The address of the pull request whose merge ended it.
    """
    finished = owing.done(postmortem, by_id=by.id or None, by_name=by.name, at=change.now)
    line = await _saved(change, finished)
    await change.record(PostmortemDoneEntry(merged=merged), line=line)
    await change.say(PostmortemDoneNotice(merged=merged), key=line)
    return finished


async def _given(change: Change, postmortem: Postmortem, to: PersonRef) -> Postmortem:
    former = PersonRef(postmortem.owner_id, postmortem.owner_name)
    given = replace(postmortem, owner_id=to.id, owner_name=to.name)
    line = await _saved(change, given)
    entry = PostmortemOwnerEntry(owner=to, former=former, due_on=given.due_on)
    await change.record(entry, line=line)
    await change.say(PostmortemOwnerNotice(owner=to, former=former, due_on=given.due_on), key=line)
    if to.id != change.by.id:
        data = PostmortemDm(owner_id=to.id, owner=to.name, due_on=given.due_on, by=change.by.name)
        await change.tx.insert_deliveries([owner_dm(change.incident, data, key=f"{line}:dm")])
    return given


async def _saved(change: Change, postmortem: Postmortem) -> str:
    """Write a changed postmortem, let the posts show it, and return the key of the thread's line about it."""
    await put(change.tx, change.incident, postmortem, now=change.now)
    await change.save(transitions.note_aftermath(change.incident))
    return f"postmortem:{change.incident.version}"


def owner_dm(incident: Incident, data: PostmortemDm, *, key: str) -> NewDelivery:
    """Return a DM to the owner of a postmortem.

    Args:
        key: Unique for the incident.
    """
    return NewDelivery(
        kind=DeliveryKind.POSTMORTEM_DM,
        to=f"user:{data.owner_id}",
        key=f"inc:{incident.id}:{key}",
        guild_id=incident.guild_id,
        incident_id=incident.id,
        data=data.to_json(),
    )
