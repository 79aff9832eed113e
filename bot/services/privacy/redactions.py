"""Redaction of the posts from before an incident became private. See docs/internals/privacy.md."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from bot.domain.delivery.delivery import Delivery, NewDelivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.delivery.notices import Notice
from bot.domain.incident.incident import Incident
from bot.domain.privacy import SETTLED, LeftBehind, exposed
from bot.domain.privacy_payloads import (
    MadePrivateNotice,
    NameWaitsNotice,
    NotRedactedNotice,
    PostsClearedNotice,
    PostsWaitNotice,
    ThreadLeftNotice,
    ThreadNotClosedNotice,
)
from bot.runbook.model import Policy
from bot.services.ports import TRY_AGAIN, Discord, Redacted, Store, soonest
from bot.services.shared.postings import notice, notice_key

log = structlog.get_logger(__name__)


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
        lines += self._waiting(incident, [post for post in late if post.kind is not DeliveryKind.THREAD])
        lines += [self._left_line(incident, thread) for thread in result.left]
        if {post.id for post in (*left, *(naming or []))} <= {*result.done, *named.done}:
            lines.append(notice(incident, self._policy, PostsClearedNotice(), key=PostsClearedNotice.name))
        async with self._store.transaction() as tx:
            await tx.set_shown(result.done, version=SETTLED)
            await tx.insert_deliveries(lines)
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
        return await self._store.naming_posts(incident.id)

    async def _noticed(self, incident: Incident, told: type[Notice]) -> bool:
        return await self._store.delivery_by_key(notice_key(incident, told.name)) is not None

    async def _unnamed(self, incident: Incident, naming: Sequence[Delivery]) -> Redacted:
        """Take *incident* out of the posts *naming*; one that is still being sent is looked at later."""
        result = await self._discord.unname(
            incident, [post for post in naming if post.message_id is not None]
        )
        if all(post.message_id is not None for post in naming):
            return result
        return replace(result, again_in=soonest([result.again_in or TRY_AGAIN, TRY_AGAIN]))

    def _left_line(self, incident: Incident, thread: LeftBehind) -> NewDelivery:
        """Return a line for the private thread that says what others still read in the old thread.

        The line also offers to delete that thread.
        """
        told = ThreadLeftNotice(thread=thread.thread_id, names=thread.names, written=thread.written)
        return notice(incident, self._policy, told, key=f"thread_left:{thread.thread_id}")

    def _waiting(self, incident: Incident, late: Sequence[Delivery]) -> list[NewDelivery]:
        """Return the line, one per incident, that names the posts whose edits a limit delays for long."""
        if not late:
            return []
        told = PostsWaitNotice(posts=tuple(f"{post.channel_id}/{post.message_id}" for post in late))
        return [notice(incident, self._policy, told, key=told.name)]

    def _by_hand(self, incident: Incident, post: Delivery, result: Redacted) -> NewDelivery:
        """Return a line that names the post which Discord refused to change, or the thread that waits.

        A responder can change it by hand.
        """
        told: Notice
        channel_id, message_id = post.channel_id or 0, post.message_id or 0
        if post.kind is not DeliveryKind.THREAD:
            told = NotRedactedNotice(channel=channel_id, message=message_id)
        elif post.id in result.refused:
            told = ThreadNotClosedNotice(thread=message_id)
        else:
            told = NameWaitsNotice(thread=message_id)
        return notice(incident, self._policy, told, key=f"{told.name}:{post.id}")
