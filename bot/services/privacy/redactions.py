"""Redaction of the public posts of an incident that has become private. See docs/internals/privacy.md."""

from collections.abc import Sequence
from datetime import timedelta

import structlog

from bot.domain.delivery.delivery import Delivery, NewDelivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.delivery.notices import Notice
from bot.domain.incident.incident import Incident
from bot.domain.privacy import SETTLED, LeftBehind, exposed
from bot.domain.privacy_payloads import (
    NameWaitsNotice,
    NotRedactedNotice,
    PostsClearedNotice,
    PostsWaitNotice,
    ThreadLeftNotice,
    ThreadNotClosedNotice,
)
from bot.runbook.model import Policy
from bot.services.ports import Discord, Redacted, Store
from bot.services.shared.postings import notice

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
        """Empty those of a private incident's sent *posts* that others can read; each once.

        Returns:
            How long to wait before retrying the posts that Discord refused now, or None.
        """
        left = [post for post in exposed(posts) if post.shown_version < SETTLED]
        if not left:
            return None
        result = await self._discord.redact(incident, left)
        late = [post for post in left if post.id in result.late]
        by_hand = [post for post in left if post.id in result.refused]
        by_hand += [post for post in late if post.kind is DeliveryKind.THREAD]
        lines = [self._by_hand(incident, post, result) for post in by_hand]
        lines += self._waiting(incident, [post for post in late if post.kind is not DeliveryKind.THREAD])
        lines += [self._left_line(incident, thread) for thread in result.left]
        if {post.id for post in left} <= set(result.done):
            lines.append(notice(incident, self._policy, PostsClearedNotice(), key="posts_cleared"))
        async with self._store.transaction() as tx:
            await tx.set_shown(result.done, version=SETTLED)
            await tx.insert_deliveries(lines)
        log.info("incident.redacted", incident_id=incident.id, posts=len(result.done), of=len(left))
        return result.again_in

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
