"""Keeping the posts of an incident current: edited when it changes, posted again when deleted."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import structlog

from bot.domain.delivery.delivery import REPOST_SUFFIX, Delivery, priority_of
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident
from bot.domain.incident.posting import (
    MemberData,
    is_current,
    is_repost,
    is_stale,
    posting_of,
    repost,
    rethread,
)
from bot.domain.privacy import exposed, is_told
from bot.runbook.model import Policy
from bot.services.escalation.deliveries import refresh_bundle_job
from bot.services.ports import Discord, Refreshed, soonest
from bot.services.running_triages import monitor_of, question, question_again
from bot.services.shared.jobs import refresh_job
from bot.services.shared.postings import (
    REPOST,
    member,
    posting_deliveries,
    posting_key,
    thread_deliveries,
    thread_line,
)
from bot.services.shared.shown_incidents import ShownIncidents
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryRows, DeliveryWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites, MemberRows
from bot.storage.tables.triages import TriageRows
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)

#: How often: an alert that is deleted twice is not wanted; a thread is what the postmortem starts from.
_MOST_ALERTS: Final = 1
_MOST_THREADS: Final = 3


class Reposting:
    """Posts deleted messages and threads anew: once each, however many processes notice."""

    def __init__(self, store: Store, policy: Policy) -> None:
        self._store = store
        self._policy = policy

    async def message_gone(self, message_id: int) -> None:
        """Repost a deleted message if it was an alert, or the question of a re-evaluation."""
        incident = await IncidentRows(self._store.sql).incident_by_message(message_id)
        if incident is not None:
            await self.gone(incident.id, messages={message_id})
            return
        async with self._store.transaction() as tx:
            if asked := await TriageRows(tx.sql).question_at(message_id):
                await self._repost_question(tx, *asked)

    async def thread_gone(self, thread_id: int) -> None:
        """Open the next thread for a deleted one if it was an incident's."""
        if incident := await IncidentRows(self._store.sql).incident_by_thread(thread_id):
            await self.gone(incident.id, threads={thread_id})

    async def gone(
        self, incident_id: int, *, messages: Collection[int] = (), threads: Collection[int] = ()
    ) -> None:
        """Repost the deleted messages that their incidents still need.

        Args:
            messages, threads: Their ids. Apart, because a thread has the id of the message that it hangs on.
        """
        posts = await DeliveryRows(self._store.sql).posts(incident_id)
        async with self._store.transaction() as tx:
            incident = await IncidentWrites(tx.sql).incident(incident_id, lock=True)
            # The thread first: a private one brings its alert with it.
            incident = await self._repost_thread(tx, incident, posts, threads)
            await self._repost_alert(tx, incident, posts, messages)

    async def deleted_unseen(self, tx: Transaction, delivery: Delivery) -> bool:
        """Repost an alert, or a thread's root, that was deleted before the bot knew that it was posted.

        In the caller's transaction.

        Returns:
            True if *delivery* is one of these; then it is cancelled, with the deliveries that depend on it.
        """
        if not delivery.kind.spec.is_root or delivery.incident_id is None:
            return False
        incident = await IncidentWrites(tx.sql).incident(delivery.incident_id, lock=True)
        await DeliveryWrites(tx.sql).cancel_delivery(delivery.id)
        if incident.is_open and is_current(delivery, incident):
            if delivery.kind is DeliveryKind.THREAD_ROOT or incident.is_private:
                await self._rethread(tx, incident)
            else:
                thread = incident.thread
                is_near = thread.channel == self._policy.rules_of(incident).channel
                was_to_carry = thread.id is None and posting_of(delivery) == thread.posting
                await self._repost(tx, incident, with_thread=is_near and was_to_carry)
        return True

    async def lost_its_root(self, tx: Transaction, delivery: Delivery) -> bool:
        """Handle the refusal of the bot's 👀, or of a thread, whose message was deleted meanwhile.

        Returns:
            True if the refusal need not be reported; so do the other methods below.
        """
        incident = await IncidentWrites(tx.sql).incident(delivery.incident_id or 0, lock=True)
        posts = await DeliveryRows(tx.sql).posts(incident.id)
        changed = await self._repost_alert(tx, incident, posts, {delivery.after_message_id or 0})
        if delivery.kind is DeliveryKind.THREAD and incident.is_open:
            await self._rethread(tx, changed)
        return delivery.kind is DeliveryKind.SEED_ACK or incident.is_open

    async def lost_its_thread(self, tx: Transaction, delivery: Delivery) -> bool:
        """Handle the refusal of a message whose thread was deleted: open the next thread."""
        incident = await IncidentWrites(tx.sql).incident(delivery.incident_id or 0, lock=True)
        if incident.thread.channel is None or delivery.request is None:
            return False  # it was for the alert's channel, which is gone: nothing can be put there
        posts = await DeliveryRows(tx.sql).posts(incident.id)
        await self._repost_thread(tx, incident, posts, {delivery.request.channel_id})
        return True

    async def lost_its_private_thread(self, tx: Transaction, delivery: Delivery) -> bool:
        """Handle the refusal of a message in a deleted private thread: the next one, if any, has it too.

        An escalation must reach people, so its failure is reported as usual: by email, and in the DLQ.
        """
        incident = await IncidentRows(tx.sql).incident(delivery.incident_id or 0)
        if not incident.is_private or not await self.lost_its_thread(tx, delivery):
            return False
        return not is_current(delivery, await IncidentRows(tx.sql).incident(incident.id))

    async def follows(self, tx: Transaction, delivery: Delivery) -> bool:
        """Add the person to the next thread instead; if there is none, do nothing."""
        if await self.lost_its_thread(tx, delivery):
            incident = await IncidentRows(tx.sql).incident(delivery.incident_id or 0)
            if incident.thread.posting > posting_of(delivery):
                known = MemberData.from_json(delivery.data)
                to, priority = delivery.to, delivery.priority
                again = member(incident, to, priority=priority, name=known.name, request=known.asked)
                await DeliveryWrites(tx.sql).insert_deliveries([again])
        return True

    async def repost_line(self, tx: Transaction, delivery: Delivery, *, in_thread: bool = True) -> bool:
        """Queue the same line for the current thread, or else as a reply to the alert."""
        if delivery.to != "incident":
            return True  # the last line in a thread that was replaced is of no use elsewhere
        incident = await IncidentRows(tx.sql).incident(delivery.incident_id or 0)
        key = delivery.key.removeprefix(f"inc:{incident.id}:") + REPOST_SUFFIX
        line = thread_line(incident, self._policy, key=key, stored=delivery.data)
        line = replace(line, kind=delivery.kind)
        current = await DeliveryRows(tx.sql).delivery_by_key(str(line.after))
        place = None if delivery.request is None else delivery.request.channel_id
        is_another = current is None or current.channel_id != place
        if not (in_thread and is_another):  # then it goes to the alert's channel
            after = posting_key(incident.id, DeliveryKind.ALERT, incident.post.number)
            line = replace(line, to="alert", after=after)
        await DeliveryWrites(tx.sql).insert_deliveries([line])
        return True

    async def _repost_question(self, tx: Transaction, triage_id: int, key: str) -> None:
        """Queue the question once more while it waits: without it, the deadline would raise the triage."""
        triage = await TriageRows(tx.sql).triage(triage_id, lock=True)
        is_asked = triage.is_under_reevaluation and triage.asked_at is not None
        monitor = await monitor_of(tx, triage)
        if is_asked and key == question(triage, self._policy, monitor=monitor).key:
            await DeliveryWrites(tx.sql).insert_deliveries(
                [question_again(triage, self._policy, monitor=monitor)]
            )
            log.info("triage.asked_again", triage_id=triage_id)

    async def _repost_alert(
        self, tx: Transaction, incident: Incident, posts: Sequence[Delivery], gone: Collection[int]
    ) -> Incident:
        """Queue the alert once more if the current one is among the deleted messages."""
        current = posting_key(incident.id, DeliveryKind.ALERT, incident.post.number)
        if not incident.is_open or not _is_among(posts, current, gone):
            return incident
        if _reposted_alerts(posts) >= _MOST_ALERTS:
            return incident
        return await self._repost(tx, incident)

    async def _repost_thread(
        self, tx: Transaction, incident: Incident, posts: Sequence[Delivery], gone: Collection[int]
    ) -> Incident:
        """Queue the thread once more if the current one is among the deleted ones."""
        kind = DeliveryKind.PRIVATE_THREAD if incident.is_private else DeliveryKind.THREAD
        current = posting_key(incident.id, kind, incident.thread.posting)
        if not incident.is_open or not _is_among(posts, current, gone):
            return incident
        reposts = sum(post.kind.spec.opens_thread and is_repost(post) for post in posts)
        return incident if reposts >= _MOST_THREADS else await self._rethread(tx, incident)

    async def _repost(self, tx: Transaction, incident: Incident, *, with_thread: bool = False) -> Incident:
        changed = repost(incident, with_thread=with_thread)
        severity = self._policy.rules_of(changed)
        await IncidentWrites(tx.sql).save(changed)
        await DeliveryWrites(tx.sql).insert_deliveries(posting_deliveries(changed, severity, tone=REPOST))
        await tx.enqueue(refresh_job(changed, severity=severity))
        log.info("incident.reposted", incident_id=incident.id)
        return changed

    async def _rethread(self, tx: Transaction, incident: Incident) -> Incident:
        if incident.thread.channel is None:
            return incident
        changed, severity = rethread(incident), self._policy.rules_of(incident)
        await IncidentWrites(tx.sql).save(changed)
        await DeliveryWrites(tx.sql).insert_deliveries(
            thread_deliveries(changed, severity, channel=incident.thread.channel)
        )
        named = await MemberRows(tx.sql).members(incident.id) if incident.is_private else []
        priority = priority_of(severity.rank)
        await DeliveryWrites(tx.sql).insert_deliveries(
            [member(changed, f"user:{one}", priority=priority) for one in named]
        )
        await tx.enqueue(refresh_job(changed, severity=severity))
        log.info("incident.rethreaded", incident_id=incident.id)
        return changed


def _is_among(posts: Sequence[Delivery], key: str, gone: Collection[int]) -> bool:
    """Return True if the post with that key is gone; one that is still being made is not."""
    return any(post.key == key and post.message_id in gone for post in posts)


def _reposted_alerts(posts: Sequence[Delivery]) -> int:
    """Count the alerts that were reposted before, without those that came with their private thread."""
    private_threads = {posting_of(post) for post in posts if post.kind is DeliveryKind.PRIVATE_THREAD}
    reposts = (post for post in posts if post.kind is DeliveryKind.ALERT and is_repost(post))
    return sum(posting_of(post) not in private_threads for post in reposts)


@dataclass(frozen=True, slots=True)
class RefreshFollowUps:
    """What other capabilities do when the posts of an incident are refreshed.

    Attributes:
        shown: What the capabilities edit that shows the incident.
        edits: What the capabilities edit of their own posts after the core's; says when to try again.
        redact: Redacts its posts that others can read, once it is private; says when to try again.
    """

    shown: Sequence[Callable[[Incident], Awaitable[None]]]
    edits: Sequence[Callable[[Incident, Sequence[Delivery]], Awaitable[timedelta | None]]]
    redact: Callable[[Incident, Sequence[Delivery]], Awaitable[timedelta | None]]


class Refreshing:
    """Handler of the queue's refresh job; may run twice without harm."""

    def __init__(
        self,
        store: Store,
        discord: Discord,
        shown: ShownIncidents,
        reposting: Reposting,
        follow_ups: RefreshFollowUps,
    ) -> None:
        self._store = store
        self._discord = discord
        self._shown = shown
        self._reposting = reposting
        self._follow_ups = follow_ups

    async def refresh(self, incident_id: int) -> timedelta | None:
        """Make every post of an incident say what is true now; a burst of changes costs one edit each.

        Returns:
            When to try again what Discord did not take now, or None.
        """
        incident = await self._shown.read(incident_id)
        for edit in self._follow_ups.shown:
            await edit(incident)
        posts = await DeliveryRows(self._store.sql).posts(incident_id)
        emptied = None
        if incident.is_private:
            emptied = await self._follow_ups.redact(incident, posts)
            public, removed = exposed(posts), await MemberRows(self._store.sql).removed_members(incident.id)
            posts = [post for post in posts if post not in public and is_told(post, removed)]
        shown = await self._show(incident, posts)
        own = [await edit(incident, posts) for edit in self._follow_ups.edits]
        return soonest([wait for wait in (emptied, shown, *own) if wait is not None])

    async def _show(self, incident: Incident, posts: Sequence[Delivery]) -> timedelta | None:
        """Edit the *posts* that show an older version of the incident; see `refresh`."""
        stale = [post for post in posts if is_stale(post, incident)]
        if not stale:
            return None
        alone = [post for post in stale if post.bundle_id is None]
        together = {post.id: post.bundle_id for post in stale if post.bundle_id is not None}
        if together:  # first: the newest escalation may be one of them
            async with self._store.transaction() as tx:
                await DeliveryWrites(tx.sql).set_shown([*together], version=incident.version)
                await tx.enqueue(*map(refresh_bundle_job, sorted(set(together.values()))))
        shown = await self._discord.refresh(incident, alone) if alone else Refreshed(())
        if shown.done:
            async with self._store.transaction() as tx:
                await DeliveryWrites(tx.sql).set_shown(shown.done, version=incident.version)
        if shown.gone:
            gone = [post for post in stale if post.id in shown.gone]
            await self._reposting.gone(
                incident.id,
                messages={post.message_id or 0 for post in gone if post.kind is DeliveryKind.ALERT},
                threads={post.message_id or 0 for post in gone if post.kind.spec.opens_thread},
            )
        return shown.again_in
