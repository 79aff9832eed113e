"""Sending each delivery once, however often the sender dies. See docs/internals/delivery.md."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot.domain.delivery.attempts import is_mute, retry_after
from bot.domain.delivery.delivery import (
    Delivery,
    DeliveryKind,
    Posted,
)
from bot.domain.digest import IsoWeek
from bot.domain.errors import (
    Crowded,
    DeletedSince,
    DeliveryRefused,
    DiscordAway,
    NewerVersion,
    StorageUnavailable,
    UpstreamUnavailable,
)
from bot.domain.incident.incident import Incident
from bot.domain.privacy import exposed, is_told, would_expose
from bot.runbook.model import Policy
from bot.services.delivery.attempts import Failure, require_repeatable
from bot.services.delivery.bundles import Bundles, refresh_bundle_job
from bot.services.delivery.given_up import tell_given_up
from bot.services.delivery.lines import wait_in_line
from bot.services.delivery.obsolete import is_moot, is_plain, is_plainly_moot
from bot.services.delivery.outage import (
    BEHIND,
    dated,
    hold,
    hold_if_late,
    must_wait,
    record_job,
    rings_no_more,
)
from bot.services.delivery.reposting import Mending
from bot.services.delivery.sent import tell_incident
from bot.services.digest.digests import Digests
from bot.services.escalation.passing_on import PassingOn
from bot.services.incidents.faces import Faces
from bot.services.morning.mornings import Mornings, day_of, refresh_morning_job
from bot.services.ports import Discord, Refreshed, Store, Subject, Transaction, soonest
from bot.services.privacy.membership import settle
from bot.services.privacy.redactions import Redactions
from bot.services.shared.already_told import LOOK_AGAIN, OLD, Comeback
from bot.services.shared.fencing import fresh
from bot.services.shared.roster import OnCall
from bot.services.walks.posts import refresh_triage_job, triage_of

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Helpers:
    """Collaborators that handle special delivery kinds and special times."""

    digests: Digests
    mornings: Mornings
    mending: Mending
    oncall: OnCall
    bundles: Bundles
    comeback: Comeback
    faces: Faces
    redactions: Redactions
    passing_on: PassingOn


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One attempt at a delivery.

    Attributes:
        moot: It need not be sent any more.
        incident: The incident that it is about, if that was read already.
    """

    delivery: Delivery
    moot: bool
    incident: Incident | None = None


class Deliveries:
    """Handlers of the queue's deliver and refresh jobs. Each may run twice without harm."""

    def __init__(self, store: Store, discord: Discord, policy: Policy, helpers: Helpers) -> None:
        self._store = store
        self._discord = discord
        self._policy = policy
        self._digests = helpers.digests
        self._mornings = helpers.mornings
        self._mending = helpers.mending
        self._oncall = helpers.oncall
        self._bundles = helpers.bundles
        self._comeback = helpers.comeback
        self._faces = helpers.faces
        self._redactions = helpers.redactions
        self._passing_on = helpers.passing_on

    async def deliver(self, delivery_id: int) -> timedelta | None:
        """One attempt.

        Returns:
            When to try again, or None when it is finished one way or the other.
        """
        seen, incident = await asyncio.gather(
            self._store.before_sending(delivery_id, at_most=self._policy.storm.bundle_from),
            self._faces.read_for(delivery_id),
        )
        if seen is None:
            return None
        if wait := await self._bundles.gather(seen):
            return wait
        if incident is not None and is_plain(seen) and not self._bundles.is_one_of_many(seen):
            moot = await is_plainly_moot(self._store, seen.delivery, incident)
            return await self._go(_Attempt(seen.delivery, moot, incident), now=seen.now)
        async with self._store.transaction() as tx:
            delivery = await tx.claim_delivery(delivery_id)
            if delivery is None:
                return None
            if wait := await self._wait(tx, delivery):
                return wait
            moot, now = await is_moot(tx, delivery, self._policy), await tx.now()
        return await self._go(_Attempt(delivery, moot), now=now)

    async def _go(self, attempt: _Attempt, *, now: datetime) -> timedelta | None:
        """An attempt at what need not wait for others; see `deliver`."""
        delivery = dated(attempt.delivery, now=now)
        is_old = now - delivery.created_at >= OLD
        if delivery.kind.spec.is_urgent and is_old and await self._comeback.is_untold():
            return LOOK_AGAIN
        return await self._finish(replace(attempt, delivery=delivery))

    async def _finish(self, attempt: _Attempt) -> timedelta | None:
        """Make the attempt, and write down what became of it; see `deliver`."""
        delivery = attempt.delivery
        match await self._attempt(attempt):
            case Posted() as posted:
                await self._sent(delivery, posted)
            case DiscordAway() as away:
                return await self._hold(delivery, away)
            case Crowded() as limit:
                return await self._no_room(delivery, limit)
            case DeletedSince() as deleted:
                await self._deleted(delivery, deleted)
            case Failure() as failure:
                return await self._not_sent(delivery, failure)
            case None:
                async with self._store.transaction() as tx:
                    await tx.cancel_delivery(delivery.id)
                    await settle(tx, delivery)
        return None

    async def _wait(self, tx: Transaction, delivery: Delivery) -> timedelta | None:
        """When to look again at what must not go out yet."""
        if await must_wait(tx, delivery):
            return await hold(tx, delivery, BEHIND, policy=self._policy)
        return await wait_in_line(tx, delivery)

    async def refresh(self, incident_id: int) -> timedelta | None:
        """Make every post of an incident say what is true now; a burst of changes costs one edit each.

        Returns:
            When to try again what Discord did not take now, or None.
        """
        incident = await self._faces.read(incident_id)
        await self._mornings.touched(incident)
        posts = await self._store.posts(incident_id)
        if not incident.is_private:
            return await self._show(incident, posts)
        emptied = await self._redactions.empty(incident, posts)
        shown = await self._show(incident, await self._theirs(incident, posts))
        return soonest([wait for wait in (emptied, shown) if wait is not None])

    async def _show(self, incident: Incident, posts: Sequence[Delivery]) -> timedelta | None:
        """Edit those of *posts* that lag behind; see `refresh`."""
        stale = [post for post in posts if post.shown_version < incident.version]
        if not stale:
            return None
        alone = [post for post in stale if post.bundle_id is None]
        together = {post.id: post.bundle_id for post in stale if post.bundle_id is not None}
        shown = await self._discord.refresh(incident, alone) if alone else Refreshed(())
        async with self._store.transaction() as tx:
            await tx.set_shown([*shown.done, *together], version=incident.version)
            await tx.enqueue(*map(refresh_bundle_job, sorted(set(together.values()))))
        if shown.gone:
            gone = [post for post in stale if post.id in shown.gone]
            await self._mending.gone(
                incident.id,
                messages={post.message_id or 0 for post in gone if post.kind is DeliveryKind.ALERT},
                threads={post.message_id or 0 for post in gone if post.kind.spec.opens_thread},
            )
        return shown.again_in

    async def _theirs(self, incident: Incident, posts: Sequence[Delivery]) -> list[Delivery]:
        """Return those of a private incident's *posts* that only its members can read."""
        public, removed = exposed(posts), await self._store.removed_members(incident.id)
        return [post for post in posts if post not in public and is_told(post, removed)]

    async def _attempt(
        self, attempt: _Attempt
    ) -> Posted | Failure | DiscordAway | Crowded | DeletedSince | None:
        """Make one attempt and return its outcome; None if the delivery is moot and was never sent."""
        delivery, moot = attempt.delivery, attempt.moot
        try:
            # An attempt that never reported back may have left its message in the channel.
            found = await self._find(delivery, moot=moot)
            if found is not None or moot:
                return found
            return await self._send(attempt)
        except (DiscordAway, Crowded, DeletedSince) as other:
            return other
        except DeliveryRefused as refused:
            return Failure(refused.reason, refused.http_status, final=True, code=refused.code)
        except UpstreamUnavailable as away:
            return Failure(away.reason, away.http_status, final=False, asked_s=away.retry_after_s)
        except (StorageUnavailable, NewerVersion):
            raise
        except Exception as bug:  # it must not keep a P0 silent: in the end it goes by email
            log.exception("delivery.attempt_broken", delivery_id=delivery.id, kind=delivery.kind)
            return Failure(f"a bug: {type(bug).__name__}", None, final=False)

    async def _find(self, delivery: Delivery, *, moot: bool) -> Posted | None:
        if told := self._comeback.told(delivery):  # without the database
            return told
        if delivery.request is None or delivery.first_sent_at is None:
            return None
        try:
            found = await self._discord.find(delivery.request, since=delivery.first_sent_at)
        except DeliveryRefused as unread:
            if not moot:
                require_repeatable(delivery, unread, now=await self._store.now())
            return None
        if found is not None:
            log.info("delivery.adopted", delivery_id=delivery.id, kind=delivery.kind)
        return found

    async def _send(self, attempt: _Attempt) -> Posted | None:
        delivery = attempt.delivery
        subject = attempt.incident or await self._subject(delivery)
        request, quiet = delivery.request, False
        if request is None or delivery.is_late:  # what comes late says of when it is, and what is true now
            quiet = await rings_no_more(self._store, delivery)
            told = replace(delivery, data={**delivery.data, "quiet": True}) if quiet else delivery
            request = await self._discord.compose(told, subject)
        if isinstance(subject, Incident) and subject.is_private:
            posts = await self._store.posts(subject.id)
            if would_expose(delivery, request, posts):
                return None  # it was queued, or even begun, while the incident was public
        self._discord.require_room(request)  # before it is marked as begun: then it need not be searched
        version = subject.version if isinstance(subject, Incident) else 0
        with fresh():
            async with self._store.at_once() as tx:
                late = delivery.is_late
                begun = await tx.begin_attempt(delivery.id, request, version=version, late=late, quiet=quiet)
            if begun is None:
                return None  # it was acknowledged while the message was being made
            return await self._discord.send(begun.request or request, nonce=begun.nonce)

    async def _subject(self, delivery: Delivery) -> Subject:
        if delivery.kind is DeliveryKind.DIGEST:
            week = IsoWeek.parse(str(delivery.data["week"]))
            return await self._digests.figures(delivery.guild_id, week)
        if delivery.kind in (DeliveryKind.MORNING, DeliveryKind.MORNING_NAG):
            return await self._mornings.view(delivery)
        if delivery.kind is DeliveryKind.BUNDLE:
            return await self._store.bundle(delivery.id)
        if delivery.incident_id is None and delivery.kind.spec.shows_triage:
            return await self._store.triage(triage_of(delivery))
        return None if delivery.incident_id is None else await self._faces.read(delivery.incident_id)

    async def _sent(self, delivery: Delivery, posted: Posted) -> None:
        async with self._store.transaction() as tx:
            current = await tx.claim_delivery(delivery.id)
            if current is None:
                return  # another worker has reported it while this one was away
            await tx.finish_sent(delivery.id, posted)
            if current.incident_id is not None:
                await tell_incident(tx, self._policy, current, posted)
                if is_mute(current, posted):
                    await tx.enqueue(record_job(current))
            elif current.kind is DeliveryKind.BUNDLE:
                await self._bundles.told(tx, current)
                if is_mute(current, posted):
                    await self._bundles.mute(tx, current)
            elif current.kind.spec.shows_triage:  # the triage may have changed meanwhile
                await tx.enqueue(refresh_triage_job(triage_of(current)))
            elif current.kind is DeliveryKind.MORNING:  # an incident may have been acknowledged meanwhile
                await tx.enqueue(refresh_morning_job(current.guild_id, day_of(current)))
        log.info(
            "delivery.sent", delivery_id=delivery.id, kind=delivery.kind, incident_id=delivery.incident_id
        )
        if is_mute(current, posted):
            log.error("delivery.ping_suppressed", delivery_id=delivery.id, channel_id=posted.channel_id)

    async def _deleted(self, delivery: Delivery, deleted: DeletedSince) -> None:
        """Finish a delivery that was posted and then deleted. Its mentions count; a root is posted anew."""
        async with self._store.transaction() as tx:
            current = await tx.claim_delivery(delivery.id)
            if current is None:
                return
            if not await self._mending.deleted_unseen(tx, current):
                await tx.finish_deleted(current.id, channel_id=deleted.channel_id)
                if current.kind is DeliveryKind.BUNDLE:
                    await self._bundles.told(tx, current)
        log.info("delivery.deleted_since", delivery_id=delivery.id, kind=delivery.kind)

    async def _hold(self, delivery: Delivery, away: DiscordAway) -> timedelta | None:
        async with self._store.transaction() as tx:
            current = await tx.claim_delivery(delivery.id)
            if current is None:
                return None
            return await hold(tx, current, away, policy=self._policy)

    async def _no_room(self, delivery: Delivery, limit: Crowded) -> timedelta | None:
        if not delivery.kind.spec.is_urgent:
            return limit.room_in
        async with self._store.transaction() as tx:
            current = await tx.claim_delivery(delivery.id)
            if current is None:
                return None
            await hold_if_late(tx, current, limit, wait=limit.room_in, policy=self._policy)
        return limit.room_in

    async def _not_sent(self, delivery: Delivery, failure: Failure) -> timedelta | None:
        attempts, asked = delivery.attempts + 1, timedelta(seconds=failure.asked_s or 0.0)
        again = None if failure.final else retry_after(delivery.kind, attempts, asked_s=failure.asked_s)
        log.warning(
            "delivery.attempt_failed",
            delivery_id=delivery.id,
            kind=delivery.kind,
            http_status=failure.http_status,
            reason=failure.reason,
            gives_up=again is None,
        )
        async with self._store.transaction() as tx:
            current = await tx.claim_delivery(delivery.id)  # with the request of this attempt
            if current is None:
                return None
            if not failure.final and (wait := again or asked):
                held = await hold_if_late(tx, current, failure.away, wait=wait, policy=self._policy)
                if held and asked:
                    return wait  # Discord accepts it then: no reason to give it up
            if again is not None:
                await tx.retry_later(
                    delivery.id, error=failure.reason, http_status=failure.http_status, after=again
                )
            else:
                await self._give_up(tx, current, failure)
        return again

    async def _give_up(self, tx: Transaction, delivery: Delivery, failure: Failure) -> None:
        """Layers two and three are jobs of their own, made due in this commit."""
        await tx.finish_failed(delivery.id, error=failure.reason, http_status=failure.http_status)
        if delivery.kind is DeliveryKind.BUNDLE:
            await self._bundles.failed(tx, delivery, reason=failure.reason)
            await self._passing_on.give_up_bundle(tx, delivery)
            return
        if delivery.kind.spec.is_dispensable or await self._mending.refused(tx, delivery, code=failure.code):
            return
        reason, policy, oncall = failure.reason, self._policy, self._oncall
        await tell_given_up(tx, delivery, reason=reason, policy=policy, oncall=oncall)
        if delivery.kind is DeliveryKind.PAGE:
            await self._passing_on.give_up_page(tx, delivery)
