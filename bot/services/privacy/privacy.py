"""Making incidents private, adding their members, and removing what was public before.

See docs/internals/privacy.md.
"""

from collections.abc import Iterable, Mapping

import structlog

from bot.capability import IncidentEvent
from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import DeliveryStatus, priority_of
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import DeliveryRefused, UserError
from bot.domain.incident import relations, transitions
from bot.domain.incident.incident import Incident, PersonRef
from bot.domain.people import Person
from bot.domain.privacy import LeftBehind
from bot.domain.privacy_payloads import (
    MadePrivateEntry,
    MadePrivateNotice,
    MemberAddedEntry,
    MemberAddedNotice,
    ThreadDeletedNotice,
)
from bot.runbook.model import Policy
from bot.services.alerts.questions import show_answer
from bot.services.ports import Discord, Store
from bot.services.running_triages.endings import take_in_walks
from bot.services.shared.access import Access, Act
from bot.services.shared.action_items import actions_of_incident
from bot.services.shared.changes import Change, Changes
from bot.services.shared.jobs import hide_jobs, pull_job, refresh_job
from bot.services.shared.postings import QUIET, member, member_key, posting_deliveries

log = structlog.get_logger(__name__)


class Privacy:
    """Makes incidents private, adds members, and handles the public thread from before.

    Every method raises as `Changes.change`. `begin` and `make_private` also raise InvalidTransition if
    the incident cannot become private.
    """

    def __init__(
        self, store: Store, discord: Discord, policy: Policy, access: Access, changes: Changes
    ) -> None:
        self._store = store
        self._discord = discord
        self._policy = policy
        self._access = access
        self._changes = changes

    async def begin(self, incident_id: int, *, by: Person) -> Incident:
        """Return the incident if *by* may make it private, or may enter its thread because it is private."""
        incident = await self._store.incident(incident_id)
        await self._access.require_incident(by, Act.MAKE_PRIVATE, incident)
        if not incident.is_private:
            transitions.make_private(incident, channel=self._policy.private.channel)
        return incident

    async def make_private(self, incident_id: int, *, by: Person) -> Incident:
        """Make an incident private: post it anew in a private thread, and empty the bot's public posts.

        Its reporter, its responders, the holders of its roles, the owners of its postmortem and of its open
        action items, and *by* still see it.
        """
        async with self._changes.change(incident_id, by=by, act=Act.MAKE_PRIVATE) as change:
            private = transitions.make_private(change.incident, channel=self._policy.private.channel)
            await change.tx.cancel_posts(incident_id)
            await change.save(private)
            severity = self._policy.rules(private.severity)
            await change.tx.insert_deliveries(posting_deliveries(private, severity, tone=QUIET))
            joined = await change.tx.responders(incident_id)
            owners = await _owners(change)
            for user_id, name in {**_involved(private, joined), **owners, by.id: by.name}.items():
                await change.tx.add_member(incident_id, user_id=user_id, name=name, by=by)
                await self._let_in(change, user_id, name)
            await take_in_walks(change, with_open=True)  # their posts show its title
            await change.tx.enqueue(*hide_jobs(private))
            if await change.tx.end_pull_export(incident_id):
                await change.tx.enqueue(pull_job(incident_id))
            await change.record(MadePrivateEntry())
            await change.say(MadePrivateNotice(), key=MadePrivateNotice.name)
            await change.then(IncidentEvent.MADE_PRIVATE)
        return change.incident

    async def add(self, incident_id: int, *, who: Person, by: Person, key: str) -> bool:
        """Add *who* to the members of a private incident; return False if they were a member already.

        They are added to its thread each time: they may have left it, or Discord may have refused them. For a
        new member, the DMs that they have about the incident are edited, too.

        Args:
            key: Unique for the request: the same key adds them to the thread once.

        Raises:
            UserError: it is not private, or *who* is a bot.
        """
        async with self._changes.change(incident_id, by=by, act=Act.ADD_MEMBER) as change:
            if not change.incident.is_private:
                raise UserError("private_not", incident=change.incident.label)
            if who.is_bot:
                raise UserError("private_for_bot", who=who.name)
            await self._let_in(change, who.id, who.name, asked=key)
            if not await change.tx.add_member(incident_id, user_id=who.id, name=who.name, by=by):
                await self._audit(change, Act.ADD_MEMBER, {"id": who.id, "name": who.name})
                return False
            await change.record(MemberAddedEntry(id=who.id, name=who.name))
            await change.say(MemberAddedNotice(who=who.name), key=f"member_added:{who.id}:{key}")
            await change.refresh()  # for the DMs that they have from before
        return True

    async def enter(self, incident_id: int, *, by: Person, key: str) -> Incident:
        """Add *by*, who may see the incident by a role or has left its thread, to that thread.

        The audit log records it.
        """
        async with self._changes.change(incident_id, by=by, act=Act.ENTER) as change:
            await self._let_in(change, by.id, by.name, asked=key)
            await self._audit(change, Act.ENTER, {})
            return change.incident

    async def requested(
        self, incident_id: int, *, who: Person, key: str, removes: bool = False
    ) -> DeliveryStatus | None:
        """Return the status of the request *key* to add *who* to the thread, or to remove them, or None."""
        incident = await self._store.incident(incident_id)
        asked = member_key(incident, f"user:{who.id}", asked=key, removes=removes)
        found = await self._store.delivery_by_key(asked)
        return None if found is None else found.status

    async def left_thread(self, incident_id: int, thread_id: int, *, by: Person) -> LeftBehind | None:
        """Return what the former public thread still shows, if *by* may delete it; None if it is gone.

        Raises:
            UserError: no such thread, or Discord keeps the bot out of it; UpstreamUnavailable.
        """
        incident = await self._leaver(incident_id, thread_id, by=by)
        try:
            return await self._discord.left_behind(incident, thread_id)
        except DeliveryRefused as refused:
            raise _not_ours(refused, thread_id) from None

    async def delete_thread(self, incident_id: int, thread_id: int, *, by: Person) -> None:
        """Delete the public thread from before, with all that people wrote in it.

        The audit log records it, and the private thread gets one line about it. Raises as `left_thread`.
        """
        await self._leaver(incident_id, thread_id, by=by)
        try:
            await self._discord.delete_thread(thread_id)
        except DeliveryRefused as refused:
            raise _not_ours(refused, thread_id) from None
        async with self._changes.change(incident_id, by=by, act=Act.DELETE_THREAD) as change:
            await self._audit(change, Act.DELETE_THREAD, {"thread": thread_id})
            await change.say(ThreadDeletedNotice(), key=f"thread_deleted:{thread_id}")
            await change.tx.tell_thread_deleted(incident_id, thread_id, by=by.name)
            await change.refresh()  # of the lines that offer to delete it
        log.info("thread.deleted", incident_id=incident_id, thread_id=thread_id, user_id=by.id)

    async def _leaver(self, incident_id: int, thread_id: int, *, by: Person) -> Incident:
        """Return the private incident that *thread_id* belonged to before, if *by* may delete that thread."""
        incident = await self._store.incident(incident_id)
        await self._access.require_incident(by, Act.DELETE_THREAD, incident)
        posts = await self._store.posts(incident_id)
        if not incident.is_private or not any(
            post.kind is DeliveryKind.THREAD and post.message_id == thread_id for post in posts
        ):
            raise UserError("private_no_such_thread", incident=incident.label)
        return incident

    async def hide(self, incident_id: int) -> None:
        """Remove a private incident's number from others' posts, and queue the emptying of its own."""
        incident = await self._store.incident(incident_id)
        if not incident.is_private:
            return
        await self._untold_by_others(incident)
        messages = await self._store.alert_messages(incident_id)
        async with self._store.transaction() as tx:
            for _, message_id in messages:
                await show_answer(tx, message_id)
            await tx.enqueue(refresh_job(incident, severity=self._policy.rules(incident.severity)))

    async def _let_in(self, change: Change, user_id: int, name: str, *, asked: str | None = None) -> None:
        priority = self._priority(change.incident)
        to = f"user:{user_id}"
        await change.tx.readmit(change.incident.id, user_id)
        owed = member(change.incident, to, priority=priority, name=name, asked=asked)
        await change.tx.insert_deliveries([owed])

    async def _audit(self, change: Change, act: Act, facts: Mapping[str, object]) -> None:
        """Record in the audit log an act that leaves no entry on the timeline."""
        data = AuditData(change.incident.id, facts=facts)
        await change.tx.audit(guild_id=change.incident.guild_id, by=change.by, action=act, data=data)

    async def _untold_by_others(self, incident: Incident) -> None:
        """Remove the incident's number from the posts of the incidents that it is linked or merged with."""
        others = {one.id for one in await self._store.related(incident.id)} | {incident.merged_into_id}
        async with self._store.transaction() as tx:
            for number in sorted(one for one in others if one is not None):
                other = await tx.incident(number, lock=True)
                hidden = relations.hide(other, incident.id)
                if hidden is not other:
                    await tx.save(hidden)
                    await tx.enqueue(refresh_job(hidden, severity=self._policy.rules(hidden.severity)))

    def _priority(self, incident: Incident) -> int:
        return priority_of(self._policy.rules(incident.severity).rank)


async def _owners(change: Change) -> dict[int, str]:
    """Return the owners of the incident's open action items and owed postmortem; they must keep access."""
    owed = await change.tx.postmortem(change.incident.id)
    items = await actions_of_incident(change.tx.sql, change.policy, change.incident.id)
    owners = [item.owner for item in items if item.is_open]
    if owed is not None and owed.is_owed:
        owners.append(PersonRef(owed.owner_id, owed.owner_name))
    return {owner.id: owner.name for owner in owners if owner.id > 0}


def _not_ours(refused: DeliveryRefused, thread_id: int) -> UserError:
    log.warning("thread.not_deleted", thread_id=thread_id, code=refused.code)
    return UserError("private_thread_refused")


def _involved(incident: Incident, joined: Iterable[PersonRef]) -> dict[int, str]:
    """Return the people who know of an incident already: reporter, responders and holders of its roles.

    The reporter of a tracked alert is a monitor, which cannot be added to a thread.
    """
    reporter = [] if incident.tracked.monitor is not None else [incident.reported_by]
    return {who.id: who.name for who in (*reporter, *joined, *incident.roles.values())}
