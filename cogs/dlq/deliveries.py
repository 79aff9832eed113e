"""What the DLQ's kinds of delivery do besides being sent."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from bot.domain.delivery.delivery import Delivery, Posted
from bot.domain.incident.incident import Incident
from bot.services.delivery.handling import DeliveryHandler
from bot.storage.store import Store
from bot.storage.transaction import Transaction
from cogs.dlq.replays import batch_job, show_job
from cogs.dlq.rules import BatchData, BurstData, DlqBurst, DlqDeliveryKind, ReplayBatch, ReplayData
from cogs.dlq.store import Batches, EndedWebhooks, Watches
from cogs.dlq.watch import show_burst_job

#: Discord's JSON error code Unknown Webhook.
UNKNOWN_WEBHOOK: Final = 10015


class ReplayDeliveries(DeliveryHandler):
    """An entry that is sent again, by the bot or by a webhook; its batch learns how it ended.

    A replay that fails has no entry of its own in the DLQ: the one that it was about says why, and a filter
    must not match both.

    Args:
        webhooks: The ids of the webhooks of the settings, by channel.
    """

    def __init__(self, webhooks: Mapping[str, int]) -> None:
        super().__init__(DlqDeliveryKind.REPLAY, DlqDeliveryKind.REPLAY_WEBHOOK)
        self._webhooks = webhooks

    async def placed(
        self, tx: Transaction, incident: Incident, delivery: Delivery, posted: Posted, *, at: datetime | None
    ) -> Incident:
        """Tell the batch that the entry is posted; the incident does not change."""
        await _tell_batch(tx, delivery)
        return incident

    async def sent(self, tx: Transaction, delivery: Delivery) -> None:
        """Tell the batch that the entry is posted."""
        await _tell_batch(tx, delivery)

    async def cancelled(self, tx: Transaction, delivery: Delivery) -> None:
        """Tell the batch that the entry is not sent."""
        await _tell_batch(tx, delivery)

    async def deleted(self, tx: Transaction, delivery: Delivery, *, channel_id: int) -> None:
        """Tell the batch that the entry was posted, and deleted at once."""
        await super().deleted(tx, delivery, channel_id=channel_id)
        await _tell_batch(tx, delivery)

    async def record(self, tx: Transaction, delivery: Delivery) -> None:
        """Write no DLQ row: the failed replay is of an entry that has one."""

    async def give_up(self, tx: Transaction, delivery: Delivery, *, reason: str, code: int) -> None:
        """Tell the batch why the replay failed, and end a webhook that Discord does not know any more."""
        await super().give_up(tx, delivery, reason=reason, code=code)
        channel = delivery.to.removeprefix("webhook:")
        if code == UNKNOWN_WEBHOOK and channel in self._webhooks:
            await EndedWebhooks(tx.sql).add(delivery.guild_id, self._webhooks[channel], channel=channel)
        await _tell_batch(tx, delivery)


class ProgressDeliveries(DeliveryHandler):
    """The message that shows a batch's progress."""

    def __init__(self, store: Store) -> None:
        super().__init__(DlqDeliveryKind.REPLAY_PROGRESS)
        self._store = store

    async def load(self, delivery: Delivery) -> ReplayBatch:
        """Read the batch that a progress post is about, as it is now."""
        number = BatchData.from_json(delivery.data).batch
        found = await Batches(self._store.sql).find(number, guild_id=delivery.guild_id)
        assert found is not None  # a batch that was started is never deleted
        return found

    async def sent(self, tx: Transaction, delivery: Delivery) -> None:
        """Edit the progress message once more: an entry may have been sent meanwhile."""
        await tx.enqueue(show_job(delivery.guild_id, BatchData.from_json(delivery.data).batch))


class BurstDeliveries(DeliveryHandler):
    """The message about new failures.

    Its own failure has no severity in the DLQ, so the watch never announces it.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(DlqDeliveryKind.DLQ_BURST)
        self._store = store

    async def load(self, delivery: Delivery) -> DlqBurst:
        """Read the burst that a warning is about, as it is now."""
        found = await Watches(self._store.sql).burst(BurstData.from_json(delivery.data).burst)
        assert found is not None  # it is stored with its delivery
        return found

    async def sent(self, tx: Transaction, delivery: Delivery) -> None:
        """Edit the burst's message once more: it may have grown meanwhile."""
        burst_id = BurstData.from_json(delivery.data).burst
        await tx.enqueue(show_burst_job(delivery.guild_id, burst_id))


async def _tell_batch(tx: Transaction, delivery: Delivery) -> None:
    batch = ReplayData.from_json(delivery.data).batch
    if batch is not None:
        where = delivery.guild_id, batch
        await tx.enqueue(batch_job(*where, sooner=True), show_job(*where))
