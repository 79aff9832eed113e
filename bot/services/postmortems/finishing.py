"""What people do about an owed postmortem: they finish it, take that back, or hand it over."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date

from bot.domain.calendar.due_dates import parse_due_date
from bot.domain.errors import InvalidTransition, UserError
from bot.domain.incident import requirements, transitions
from bot.domain.incident.aftermath import Postmortem, PostmortemState
from bot.domain.incident.incident import Incident, PersonRef
from bot.domain.people import Person
from bot.domain.postmortem import owing
from bot.domain.postmortem.deliveries import Occasion
from bot.domain.postmortem.entries import PostmortemDoneEntry, PostmortemOwedEntry, PostmortemOwnerEntry
from bot.domain.postmortem.notices import PostmortemDoneNotice, PostmortemOwedNotice, PostmortemOwnerNotice
from bot.runbook.model import Policy
from bot.services.ports import Store
from bot.services.postmortems.owed import put, require_owner, tell_owner
from bot.services.shared.access import Access, Act
from bot.services.shared.changes import Change, Changes


@dataclass(frozen=True, slots=True)
class PostmortemChange:
    """The outcome of a change of a postmortem.

    Attributes:
        postmortem: As it is now.
        changed: False if it was so before.
        is_same_owner: Only its date was moved.
    """

    incident: Incident
    postmortem: Postmortem
    changed: bool
    is_same_owner: bool = False


class Postmortems:
    """Finishes postmortems, hands them over and moves their dates.

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
            requirements.require_resolved(change.incident)
            if postmortem.is_owed:
                return PostmortemChange(change.incident, postmortem, changed=False)
            owed = owing.owed_again(postmortem, self._policy.business_hours, now=change.now)
            line = await _saved(change, owed)
            await change.record(PostmortemOwedEntry(due_on=owed.due_on), line=line)
            owner = PersonRef(owed.owner_id, owed.owner_name)
            await change.say(PostmortemOwedNotice(owner=owner, due_on=owed.due_on), key=line)
        return PostmortemChange(change.incident, owed, changed=True)

    async def give(
        self, incident_id: int, *, to: Person | None, due: str = "", by: Person
    ) -> PostmortemChange:
        """Hand the postmortem over to *to*, or move its date, or both.

        Its owner gets a DM, unless that is *by*.

        Args:
            to: None: its owner stays.
            due: As typed ("12/5", "3 営業日後"); empty: its date stays.

        Raises:
            UserError: neither is given, *to* is a bot, or no day from today on can be read from *due*.
            RecordedRefusal: *to* may not see the incident, or has no role that may respond.
            InvalidTransition: it is done.
        """
        if to is None and not due.strip():
            raise UserError("postmortem_owner_or_date")
        due_on = await self._due_on(due) if due.strip() else None
        async with self._changing(incident_id, by=by, act=Act.GIVE_POSTMORTEM) as (change, before):
            if before.state is PostmortemState.DONE:
                raise InvalidTransition("postmortem_done", incident=change.incident.label)
            is_same_owner = to is None or to.id == before.owner_id
            if is_same_owner and due_on in (None, before.due_on):
                return PostmortemChange(change.incident, before, changed=False)
            given = before
            if to is not None and not is_same_owner:
                await require_owner(self._access, to, change)
                given = replace(given, owner_id=to.id, owner_name=to.name)
            if due_on is not None and due_on != before.due_on:
                given = owing.redated(given, due_on, self._policy.business_hours, now=change.now)
            await _note_given(change, before, given)
        return PostmortemChange(change.incident, given, changed=True, is_same_owner=is_same_owner)

    async def _due_on(self, typed: str) -> date:
        today = (await self._store.now()).astimezone(self._policy.timezone).date()
        return parse_due_date(typed, today=today, hours=self._policy.business_hours)

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


async def _note_given(change: Change, before: Postmortem, given: Postmortem) -> None:
    """Save another owner or date, and tell the thread and the owner."""
    line = await _saved(change, given)
    owner, former = PersonRef(given.owner_id, given.owner_name), PersonRef(before.owner_id, before.owner_name)
    due_on, due_before = given.due_on, None if given.due_on == before.due_on else before.due_on
    entry = PostmortemOwnerEntry(owner=owner, former=former, due_on=due_on, due_before=due_before)
    told = PostmortemOwnerNotice(owner=owner, former=former, due_on=due_on, due_before=due_before)
    await change.record(entry, line=line)
    await change.say(told, key=line)
    is_same_owner = owner.id == former.id
    await tell_owner(change, given, Occasion.REDATED if is_same_owner else Occasion.GIVEN, key=line)


async def _saved(change: Change, postmortem: Postmortem) -> str:
    """Write a changed postmortem, let the posts show it, and return the key of the thread's line about it."""
    await put(change.tx, change.incident, postmortem, now=change.now)
    await change.save(transitions.renewed(change.incident))
    return f"postmortem:v{change.incident.version}"  # without the v, it may be the key of a draft's message
