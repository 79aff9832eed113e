"""Requests that never arrived: fetched from the record that their source keeps of what it sends."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import structlog

from bot.domain.delivery.delivery import priority_of
from bot.domain.errors import CodeHostRefused, UpstreamUnavailable
from bot.domain.hooks.attempts import missed
from bot.domain.hooks.hook import NewHook
from bot.runbook.model import Policy
from bot.services.hooks.batches import processing_job
from bot.services.ports import Store
from bot.services.ports.hooks import HookDeliveries

log = structlog.get_logger(__name__)

#: How far back a look goes. GitHub keeps a delivery for three days.
_BACK: Final = timedelta(days=3)

#: Requests that one look fetches of a source; the next look fetches the rest.
_MOST: Final = 50


class MissedHooks:
    """Fetches what the sources of one guild could not deliver.

    Args:
        records: Of the sources that keep one, by name.
    """

    def __init__(self, store: Store, policy: Policy, records: Mapping[str, HookDeliveries]) -> None:
        self._store = store
        self._policy = policy
        self._records = records

    async def catch_up(self, guild_id: int) -> None:
        """Store what never arrived, each request once, as of the time when it was first sent.

        A source that does not answer is left for the next look; the others are not held up.
        """
        for source, record in self._records.items():
            try:
                await self._catch_up(guild_id, source, record)
            except (UpstreamUnavailable, CodeHostRefused) as error:
                log.warning("hooks.record_unavailable", source=source, reason=error.reason)

    async def _catch_up(self, guild_id: int, source: str, record: HookDeliveries) -> None:
        attempts = await record.attempts(await self._store.now() - _BACK)
        ids = {attempt.delivery_id for attempt in attempts if not attempt.has_arrived}
        if not ids:
            return
        known = await self._store.known_hooks(guild_id, source, sorted(ids))
        for attempt in missed(attempts, known=known)[:_MOST]:
            request = await record.request_of(attempt)
            rank = self._policy.rules(self._policy.hooks[source].sender.severity).rank
            hook = NewHook(guild_id, source, attempt.delivery_id, request, priority_of(rank), attempt.at)
            async with self._store.transaction() as tx:
                await tx.add_hooks([hook])
                await tx.enqueue(processing_job(hook))
            log.info("hook.fetched", source=source, delivery_id=attempt.delivery_id)
