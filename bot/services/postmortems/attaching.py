"""The message in the thread that carries the draft: posted once, then edited when there is a newer draft.

It is edited in the job that edits the incident's other posts. So no edit comes after the one that empties
them when the incident is made private.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from bot.domain.delivery.delivery import REPOST_SUFFIX, UNFINISHED, Delivery, DeliveryStatus, NewDelivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.domain.incident.incident import Incident
from bot.domain.postmortem.document import PostmortemDocument, file_key
from bot.domain.privacy import SETTLED
from bot.runbook.model import Policy
from bot.services.ports import TRY_AGAIN, Discord, Store, Transaction
from bot.services.shared.jobs import refresh_job
from bot.services.shared.postings import thread_line

log = structlog.get_logger(__name__)

#: How many earlier versions are looked for when a newer one is shown: more are never left over.
_EARLIER: Final = 20


async def carry(
    tx: Transaction, incident: Incident, policy: Policy, document: PostmortemDocument, *, again: bool
) -> PostmortemDocument:
    """Queue the message that carries *document*, or the edit of the one that is there.

    Args:
        again: A person has asked: the message is edited even if it carries this version, because it may have
            been deleted, which only the edit reveals.

    Returns:
        The document, with the number of its message.
    """
    post = await _message(tx, document)
    if post is not None and post.status in UNFINISHED:
        return document  # once it is there, the newer version takes its place
    if post is None or not _is_there(post):
        document = document if post is None else document.posted_anew()
        await tx.insert_deliveries([_delivery(incident, policy, document)])
        return document
    if again or document.shown_version < document.version:
        document = replace(document, shown_version=min(document.shown_version, document.version - 1))
        await tx.enqueue(refresh_job(incident, severity=policy.rules(incident.severity)))
    return document


class DraftAttaching:
    """Puts the newest draft into the message that is there."""

    def __init__(self, store: Store, discord: Discord, policy: Policy) -> None:
        self._store = store
        self._discord = discord
        self._policy = policy

    async def attach(self, incident: Incident, posts: Sequence[Delivery]) -> timedelta | None:
        """Edit the message with the draft, if a newer one is there; in the job that edits *posts*.

        Args:
            posts: Those that may show the incident as it is now.

        Returns:
            When to try again what Discord did not take now, or None.
        """
        if not any(post.kind is DeliveryKind.POSTMORTEM_FILE for post in posts):
            return None
        document = await self._store.document(incident.id)
        if document is None or document.shown_version >= document.version:
            return None
        post = next((post for post in posts if post.key in _keys(document)), None)
        if post is None:
            return None
        shown = replace(post, data=document.data.to_json())
        try:
            files = await self._store.attachments([document.file_key])
            await self._discord.replace_files(shown, incident, files)
        except UpstreamUnavailable as away:
            return away.capacity_in or TRY_AGAIN
        except DeliveryRefused as refused:
            log.info("postmortem.posted_anew", incident_id=incident.id, code=refused.code)
            await self._post_anew(incident.id)
            return None
        async with self._store.transaction(locking=incident.id) as tx:
            await self.note_shown(tx, incident, document.version)
        return None

    async def note_shown(self, tx: Transaction, incident: Incident, version: int) -> None:
        """Record on the locked incident that the message carries *version*; remove what no message needs.

        If there is a newer one, the edit is queued.
        """
        document = await tx.lock_document(incident.id)
        if document is None:
            return
        await tx.save_document(replace(document, shown_version=max(version, document.shown_version)))
        earlier = range(max(version - _EARLIER, 1), version)
        await tx.remove_attachments([file_key(incident.id, number) for number in earlier])
        if version < document.version:
            await tx.enqueue(refresh_job(incident, severity=self._policy.rules(incident.severity)))

    async def _post_anew(self, incident_id: int) -> None:
        async with self._store.transaction(locking=incident_id) as tx:
            incident = await tx.incident(incident_id, lock=True)
            document = await tx.lock_document(incident_id)
            if document is not None:
                document = document.posted_anew()
                await tx.insert_deliveries([_delivery(incident, self._policy, document)])
                await tx.save_document(document)


def _delivery(incident: Incident, policy: Policy, document: PostmortemDocument) -> NewDelivery:
    key = document.delivery_key.removeprefix(f"inc:{incident.id}:")
    line = thread_line(incident, policy, key=key, stored=document.data.to_json())
    return replace(line, kind=DeliveryKind.POSTMORTEM_FILE)


async def _message(tx: Transaction, document: PostmortemDocument) -> Delivery | None:
    """Return the delivery that carries the draft, or the one that took its place beside the alert."""
    first, again = _keys(document)
    return await tx.delivery_by_key(again) or await tx.delivery_by_key(first)


def _keys(document: PostmortemDocument) -> tuple[str, str]:
    return document.delivery_key, f"{document.delivery_key}{REPOST_SUFFIX}"


def _is_there(post: Delivery) -> bool:
    """Return True if the message was posted, as far as the bot knows, and was not emptied since."""
    return post.status is DeliveryStatus.SENT and post.message_id is not None and post.shown_version < SETTLED
