"""Editing the posts of an incident, so that they show its current state."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident
from bot.domain.privacy import exposed, is_told
from bot.services.escalation.bundles import refresh_bundle_job
from bot.services.incidents.reposting import Reposting
from bot.services.ports import Discord, Refreshed, soonest
from bot.services.shared.shown_incidents import ShownIncidents
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryRows, DeliveryWrites
from bot.storage.tables.incidents import MemberRows


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
            posts = await self._theirs(incident, posts)
        shown = await self._show(incident, posts)
        own = [await edit(incident, posts) for edit in self._follow_ups.edits]
        return soonest([wait for wait in (emptied, shown, *own) if wait is not None])

    async def _show(self, incident: Incident, posts: Sequence[Delivery]) -> timedelta | None:
        """Edit the *posts* that show an older version of the incident; see `refresh`."""
        stale = [post for post in posts if post.shown_version < incident.version]
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

    async def _theirs(self, incident: Incident, posts: Sequence[Delivery]) -> list[Delivery]:
        """Return the *posts* of a private incident that only its members can read."""
        public, removed = exposed(posts), await MemberRows(self._store.sql).removed_members(incident.id)
        return [post for post in posts if post not in public and is_told(post, removed)]
