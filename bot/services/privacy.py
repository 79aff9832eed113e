"""Private incidents: who is let in and who is removed, and what becomes of the posts that were public.

See docs/internals/privacy.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.capability import IncidentEvent
from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import Delivery, DeliveryStatus, NewDelivery, Notice, Posted, priority_of
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import UNKNOWN_CHANNEL, DeliveryRefused, UserError
from bot.domain.incident import relations, transitions
from bot.domain.incident.incident import Incident, PersonRef
from bot.domain.incident.posting import MemberData
from bot.domain.oncall.people import marked
from bot.domain.people import Person
from bot.domain.privacy import SETTLED, LeftBehind, exposed, is_overruled, member_of
from bot.domain.privacy_payloads import (
    MadePrivateEntry,
    MadePrivateNotice,
    MemberAddedEntry,
    MemberAddedNotice,
    MemberRemovedEntry,
    MemberRemovedNotice,
    NameWaitsNotice,
    NotLetInNotice,
    NotRedactedNotice,
    NotTakenOutNotice,
    PostsClearedNotice,
    PostsWaitNotice,
    ThreadDeletedNotice,
    ThreadLeftNotice,
    ThreadNotClosedNotice,
)
from bot.runbook.model import Policy
from bot.services.alerts.questions import show_answer
from bot.services.delivery.handling import DeliveryHandler
from bot.services.escalation.release import Releasing
from bot.services.incidents.posts import Reposting
from bot.services.incidents.roles import give_up
from bot.services.ports import TRY_AGAIN, Discord, Redacted, soonest
from bot.services.running_triages import take_in_walks
from bot.services.shared.access import Access, Act
from bot.services.shared.changes import Change, Changes
from bot.services.shared.contributions import actions_of_incident, postmortem_of
from bot.services.shared.jobs import hide_jobs, refresh_job
from bot.services.shared.postings import QUIET, member, member_key, notice, notice_key, posting_deliveries
from bot.storage.store import Store
from bot.storage.tables.acknowledgements import AcknowledgementRows
from bot.storage.tables.alerts import AlertRows
from bot.storage.tables.deliveries import DeliveryRows, DeliveryWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites, MemberRows
from bot.storage.tables.timeline import AuditWrites
from bot.storage.transaction import Transaction

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
        incident = await IncidentRows(self._store.sql).incident(incident_id)
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
            await DeliveryWrites(change.tx.sql).cancel_posts(incident_id)
            await change.save(private)
            severity = self._policy.rules_of(private)
            await DeliveryWrites(change.tx.sql).insert_deliveries(
                posting_deliveries(private, severity, tone=QUIET)
            )
            joined = await AcknowledgementRows(change.tx.sql).responders(incident_id)
            owners = await _owners(change)
            # A tracked alert was reported by a monitor, which cannot be added to a thread.
            reporter = [] if private.tracked.monitor is not None else [private.reported_by]
            involved = {who.id: who.name for who in (*reporter, *joined, *private.roles.values())}
            for user_id, name in {**involved, **owners, by.id: by.name}.items():
                await MemberRows(change.tx.sql).add_member(incident_id, user_id=user_id, name=name, by=by)
                await self._let_in(change, user_id, name)
            await take_in_walks(change, with_open=True)  # their posts show its title
            await change.tx.enqueue(*hide_jobs(private))
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
            await self._let_in(change, who.id, who.name, request=key)
            if not await MemberRows(change.tx.sql).add_member(
                incident_id, user_id=who.id, name=who.name, by=by
            ):
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
            await self._let_in(change, by.id, by.name, request=key)
            await self._audit(change, Act.ENTER, {})
            return change.incident

    async def requested(
        self, incident_id: int, *, who: Person, key: str, removes: bool = False
    ) -> DeliveryStatus | None:
        """Return the status of the request *key* to add *who* to the thread, or to remove them, or None."""
        incident = await IncidentRows(self._store.sql).incident(incident_id)
        asked = member_key(incident, f"user:{who.id}", request=key, removes=removes)
        found = await DeliveryRows(self._store.sql).delivery_by_key(asked)
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
            await DeliveryWrites(change.tx.sql).tell_thread_deleted(incident_id, thread_id, by=by.name)
            await change.refresh()  # of the lines that offer to delete it
        log.info("thread.deleted", incident_id=incident_id, thread_id=thread_id, user_id=by.id)

    async def _leaver(self, incident_id: int, thread_id: int, *, by: Person) -> Incident:
        """Return the private incident that *thread_id* belonged to before, if *by* may delete that thread."""
        incident = await IncidentRows(self._store.sql).incident(incident_id)
        await self._access.require_incident(by, Act.DELETE_THREAD, incident)
        posts = await DeliveryRows(self._store.sql).posts(incident_id)
        if not incident.is_private or not any(
            post.kind is DeliveryKind.THREAD and post.message_id == thread_id for post in posts
        ):
            raise UserError("private_no_such_thread", incident=incident.label)
        return incident

    async def hide(self, incident_id: int) -> None:
        """Remove a private incident's number from others' posts, and queue the emptying of its own."""
        incident = await IncidentRows(self._store.sql).incident(incident_id)
        if not incident.is_private:
            return
        await self._untold_by_others(incident)
        messages = await AlertRows(self._store.sql).alert_messages(incident_id)
        async with self._store.transaction() as tx:
            for _, message_id in messages:
                await show_answer(tx, message_id)
            await tx.enqueue(refresh_job(incident, severity=self._policy.rules_of(incident)))

    async def _let_in(self, change: Change, user_id: int, name: str, *, request: str | None = None) -> None:
        priority = priority_of(self._policy.rules_of(change.incident).rank)
        to = f"user:{user_id}"
        await MemberRows(change.tx.sql).readmit(change.incident.id, user_id)
        owed = member(change.incident, to, priority=priority, name=name, request=request)
        await DeliveryWrites(change.tx.sql).insert_deliveries([owed])

    async def _audit(self, change: Change, act: Act, facts: Mapping[str, object]) -> None:
        """Record in the audit log an act that leaves no entry on the timeline."""
        data = AuditData(change.incident.id, facts=facts)
        await AuditWrites(change.tx.sql).audit(
            guild_id=change.incident.guild_id, by=change.by, action=act, data=data
        )

    async def _untold_by_others(self, incident: Incident) -> None:
        """Remove the incident's number from the posts of the incidents that it is linked or merged with."""
        others = {one.id for one in await IncidentRows(self._store.sql).related(incident.id)} | {
            incident.merged_into_id
        }
        async with self._store.transaction() as tx:
            for number in sorted(one for one in others if one is not None):
                other = await IncidentWrites(tx.sql).incident(number, lock=True)
                hidden = relations.hide(other, incident.id)
                if hidden is not other:
                    await IncidentWrites(tx.sql).save(hidden)
                    await tx.enqueue(refresh_job(hidden, severity=self._policy.rules_of(hidden)))


async def _owners(change: Change) -> dict[int, str]:
    """Return the owners of the incident's open action items and owed postmortem; they must keep access."""
    owed = await postmortem_of(change.tx.sql, change.policy, change.incident.id)
    items = await actions_of_incident(change.tx.sql, change.policy, change.incident.id)
    owners = [item.owner for item in items if item.is_open]
    if owed is not None and owed.is_owed:
        owners.append(PersonRef(owed.owner_id, owed.owner_name))
    return {owner.id: owner.name for owner in owners if owner.id > 0}


def _not_ours(refused: DeliveryRefused, thread_id: int) -> UserError:
    log.warning("thread.not_deleted", thread_id=thread_id, code=refused.code)
    return UserError("private_thread_refused")


#: Why a person cannot be removed, besides `PrivateAccess`: they are the last member.
_LAST: Final = "last"


class _Stays(Exception):  # a signal to ourselves: the refusal is recorded once the locks are gone
    """The person cannot be removed; *why* is a `PrivateAccess` or `_LAST`."""

    def __init__(self, why: str, incident: Incident) -> None:
        super().__init__()
        self.why, self.incident = why, incident


class Removals:
    """Removes members from private incidents."""

    def __init__(
        self, discord: Discord, policy: Policy, access: Access, changes: Changes, releasing: Releasing
    ) -> None:
        self._releasing = releasing
        self._discord = discord
        self._policy = policy
        self._access = access
        self._changes = changes

    async def remove(self, incident_id: int, *, who: Person, by: Person, key: str) -> bool:
        """Remove *who* from a private incident and its roles; return False if they were not a member.

        If they had acknowledged it, it passes on as if they had handed it back.

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
        act, gone = _removing(who, by=by), {who.id}
        known = await self._releasing.absent(incident_id, gone)
        async with self._changes.change(incident_id, by=by, act=act) as change:
            incident = change.incident
            if not incident.is_private:
                raise UserError("private_not_removed", incident=incident.label)
            if who.is_bot:
                raise UserError("private_for_bot", who=who.name)
            reason = await self._access.private_access(who, guild_id=incident.guild_id, source=change.tx)
            if reason is not None:
                raise _Stays(reason, incident)
            if not is_role_there and await MemberRows(change.tx.sql).members(incident_id) == [who.id]:
                raise _Stays(_LAST, incident)
            was_named = await self._take_out(change, who, act, key=key)
            change.incident = await self._releasing.take_off(
                change.tx, change.incident, gone, by=by, known=known
            )
            return was_named

    async def _take_out(self, change: Change, who: Person, act: Act, *, key: str) -> bool:
        incident, facts = change.incident, {"id": who.id, "name": who.name}
        was_named = await MemberRows(change.tx.sql).remove_member(incident.id, who, by=change.by)
        priority = priority_of(self._policy.rules_of(incident).rank)
        request = member(
            incident, f"user:{who.id}", priority=priority, name=who.name, request=key, removes=True
        )
        await DeliveryWrites(change.tx.sql).insert_deliveries([request])
        await change.save(transitions.renewed(incident))
        if incident.is_open:
            await give_up(change, {who.id})
        if not was_named:
            data = AuditData(incident.id, facts=facts)
            await AuditWrites(change.tx.sql).audit(
                guild_id=incident.guild_id, by=change.by, action=act, data=data
            )
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


class MemberDeliveries(DeliveryHandler):
    """Requests that add a person to a private thread, or remove one."""

    def __init__(self, policy: Policy, reposting: Reposting) -> None:
        super().__init__(DeliveryKind.MEMBER, DeliveryKind.MEMBER_REMOVED)
        self._policy = policy
        self._reposting = reposting

    async def is_obsolete(self, tx: Transaction, delivery: Delivery) -> bool:
        """Return True if a later decision overrules this request."""
        return is_overruled(delivery, await MemberRows(tx.sql).removed_members(delivery.incident_id or 0))

    async def placed(  # an override takes what its base takes
        self,
        tx: Transaction,
        incident: Incident,
        delivery: Delivery,
        posted: Posted,  # noqa: ARG002
        *,
        at: datetime | None,  # noqa: ARG002
    ) -> Incident:
        """Undo the request if the decision changed meanwhile."""
        await _settle(tx, delivery)
        return incident

    async def cancelled(self, tx: Transaction, delivery: Delivery) -> None:
        """Undo the request, because an earlier attempt may have reached Discord."""
        await _settle(tx, delivery)

    async def reroute(self, tx: Transaction, delivery: Delivery, *, code: int) -> bool:
        """If the thread was deleted, add the person to the next one; a removed person is not added there."""
        if code != UNKNOWN_CHANNEL:
            return False
        if delivery.kind is DeliveryKind.MEMBER:
            return await self._reposting.follows(tx, delivery)
        await self._reposting.lost_its_thread(tx, delivery)
        return True

    async def report(self, tx: Transaction, delivery: Delivery) -> None:
        """Say in the private thread whom a member has to add or remove by hand."""
        incident = await IncidentRows(tx.sql).incident(delivery.incident_id or 0)
        kind = NotLetInNotice if delivery.kind is DeliveryKind.MEMBER else NotTakenOutNotice
        who, place = _who(delivery)
        told = kind(who=who, place=place)
        await DeliveryWrites(tx.sql).insert_deliveries(
            [notice(incident, self._policy, told, key=f"{told.name}:{delivery.id}")]
        )


async def _settle(tx: Transaction, delivery: Delivery) -> None:
    """Queue a compensating add or remove if the decision changed while this request was in flight.

    Two workers, or one that died and its successor, may request both at once: their order is unknown.

    Args:
        delivery: Nothing is done unless an attempt at it has begun.
    """
    if delivery.incident_id is None or delivery.first_sent_at is None:
        return
    user_id = member_of(delivery)
    if user_id is None or not is_overruled(
        delivery, await MemberRows(tx.sql).removed_members(delivery.incident_id)
    ):
        return
    incident = await IncidentRows(tx.sql).incident(delivery.incident_id)
    known, asked = MemberData.from_json(delivery.data).name, f"after:{delivery.id}"
    opposite = member(
        incident,
        f"user:{user_id}",
        priority=delivery.priority,
        name=known,
        request=asked,
        removes=delivery.kind is DeliveryKind.MEMBER,
    )
    await DeliveryWrites(tx.sql).insert_deliveries([opposite])


def _who(delivery: Delivery) -> tuple[str | None, str | None]:
    """Return the recipient of *delivery* by name; or else, for `Wording.on_call`, a place, person or id."""
    if (name := MemberData.from_json(delivery.data).name) is not None:
        return name, None
    kind, _, target = delivery.to.partition(":")
    stood = delivery.recipient
    if kind == "person":
        return None, target if stood is None else marked(stood)
    return None, marked(target)


class Redactions:
    """Empties the public posts of private incidents.

    The job that edits an incident's posts does it, so that no earlier edit arrives afterwards.
    """

    def __init__(self, store: Store, discord: Discord, policy: Policy) -> None:
        self._store = store
        self._discord = discord
        self._policy = policy

    async def empty(self, incident: Incident, posts: Sequence[Delivery]) -> timedelta | None:
        """Empty a private incident's sent *posts* that others can read, and take it out of others' posts.

        Returns:
            How long to wait before retrying the posts that Discord refused now, or None.
        """
        left = [post for post in exposed(posts) if post.shown_version < SETTLED]
        naming = await self._naming(incident)
        if not left and naming is None:
            return None
        result = await self._discord.redact(incident, left)
        named = await self._unnamed(incident, naming or [])
        late = [post for post in left if post.id in result.late]
        by_hand = [post for post in left if post.id in result.refused]
        by_hand += [post for post in late if post.kind is DeliveryKind.THREAD]
        by_hand += [post for post in naming or [] if post.id in named.refused]
        late += [post for post in naming or [] if post.id in named.late]
        lines = [self._by_hand(incident, post, result) for post in by_hand]
        if waiting := [post for post in late if post.kind is not DeliveryKind.THREAD]:
            told = PostsWaitNotice(posts=tuple(f"{post.channel_id}/{post.message_id}" for post in waiting))
            lines.append(notice(incident, self._policy, told, key=told.name))
        for thread in result.left:  # the line offers to delete the thread that others still read
            still = ThreadLeftNotice(thread=thread.thread_id, names=thread.names, written=thread.written)
            lines.append(notice(incident, self._policy, still, key=f"thread_left:{thread.thread_id}"))
        if {post.id for post in (*left, *(naming or []))} <= {*result.done, *named.done}:
            lines.append(notice(incident, self._policy, PostsClearedNotice(), key=PostsClearedNotice.name))
        async with self._store.transaction() as tx:
            await DeliveryWrites(tx.sql).set_shown(result.done, version=SETTLED)
            await DeliveryWrites(tx.sql).insert_deliveries(lines)
        log.info("incident.redacted", incident_id=incident.id, posts=len(result.done), of=len(left))
        return soonest([wait for wait in (result.again_in, named.again_in) if wait is not None])

    async def _naming(self, incident: Incident) -> list[Delivery] | None:
        """Return the posts of other subjects that may name *incident*.

        None: it never was public, or all of them are done.
        """
        if await self._noticed(incident, PostsClearedNotice) or not await self._noticed(
            incident, MadePrivateNotice
        ):
            return None
        return await DeliveryRows(self._store.sql).naming_posts(incident.id)

    async def _noticed(self, incident: Incident, kind: type[Notice]) -> bool:
        return (
            await DeliveryRows(self._store.sql).delivery_by_key(notice_key(incident, kind.name)) is not None
        )

    async def _unnamed(self, incident: Incident, naming: Sequence[Delivery]) -> Redacted:
        """Take *incident* out of the posts *naming*; one that is still being sent is looked at later."""
        result = await self._discord.unname(
            incident, [post for post in naming if post.message_id is not None]
        )
        if all(post.message_id is not None for post in naming):
            return result
        return replace(result, again_in=soonest([result.again_in or TRY_AGAIN, TRY_AGAIN]))

    def _by_hand(self, incident: Incident, post: Delivery, result: Redacted) -> NewDelivery:
        """Return a line that names the post which Discord refused to change, or the thread that waits.

        A responder can change it by hand.
        """
        news: Notice
        channel_id, message_id = post.channel_id or 0, post.message_id or 0
        if post.kind is not DeliveryKind.THREAD:
            news = NotRedactedNotice(channel=channel_id, message=message_id)
        elif post.id in result.refused:
            news = ThreadNotClosedNotice(thread=message_id)
        else:
            news = NameWaitsNotice(thread=message_id)
        return notice(incident, self._policy, news, key=f"{news.name}:{post.id}")
