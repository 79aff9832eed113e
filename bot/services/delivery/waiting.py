"""When a delivery waits: for an earlier message of its thread, for Discord to come back, or for its limits.

If a delivery waits for Discord, its email goes out first, and its message later says which time it is about.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.domain.delivery.delivery import LATE, UNFINISHED, Delivery, comes_too_late
from bot.domain.errors import Crowded, DiscordAway, UpstreamUnavailable
from bot.runbook.model import Policy
from bot.services.delivery.handling import DeliveryKinds
from bot.storage.tables.deliveries import DeliveryAttempts
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)

#: The shortest and the longest time until a held delivery is tried again, seconds. Discord and the circuit
#: breaker may ask for any time.
_AGAIN_S: Final = (1.0, 60.0)

#: How soon to look again at a message that waits for an earlier one.
_NEXT_LINE: Final = timedelta(milliseconds=200)

#: How long a message waits at most for those before it, counted from when it could be sent.
LINE_PATIENCE: Final = timedelta(seconds=20)

#: The reason to hold a delivery whose predecessor is held: they must arrive in order.
BEHIND: Final = DiscordAway("an earlier one is held back", retry_after_s=1.0)


def dated(delivery: Delivery, *, now: datetime) -> Delivery:
    """Return *delivery* as it is to be sent now: late, if it reports a moment that has passed."""
    if not delivery.kind.spec.is_dated or now - delivery.created_at < LATE:
        return delivery
    return replace(delivery, is_late=True)


async def must_wait(tx: Transaction, delivery: Delivery) -> bool:
    """Return True if an outage holds back what comes first: an earlier line of the thread, or the alert."""
    return delivery.kind.spec.keeps_order and await DeliveryAttempts(tx.sql).is_behind(delivery.id)


async def wait_in_line(tx: Transaction, delivery: Delivery) -> timedelta | None:
    """Return when to look again while a message that comes before *delivery* is on its way; None: send it.

    Two workers send two messages of one moment at once, and Discord shows them in the order of arrival.
    Messages that notify people wait for none.
    """
    kinds = delivery.kind.spec.waits_behind
    if not kinds or not await DeliveryAttempts(tx.sql).is_in_line(
        delivery.id, behind=kinds, patience=LINE_PATIENCE
    ):
        return None
    return _NEXT_LINE


class HeldDeliveries:
    """Keeps deliveries until Discord is back, and sends an email ahead of those that cannot wait."""

    def __init__(self, policy: Policy, kinds: DeliveryKinds) -> None:
        self._policy = policy
        self._kinds = kinds

    async def hold_if_late(
        self, tx: Transaction, delivery: Delivery, away: UpstreamUnavailable, *, wait: timedelta
    ) -> bool:
        """Keep a delivery that would miss its deadline, if an email goes ahead of it; return True if kept.

        Args:
            wait: Until it is tried again.
        """
        asked = away.asked if isinstance(away, Crowded) else wait
        is_late = comes_too_late(delivery, now=await tx.now(), wait=wait, asked_wait=asked)
        if not is_late or not await self._goes_by_email(tx, delivery):
            return False
        await self.hold(tx, delivery, away, after=wait)
        return True

    async def hold(
        self,
        tx: Transaction,
        delivery: Delivery,
        away: UpstreamUnavailable,
        *,
        after: timedelta | None = None,
    ) -> timedelta:
        """Keep *delivery* until Discord is back. An urgent one goes by email at once.

        Args:
            after: When to look again; by default after the time that *away* names, within bounds.

        Returns:
            When to look again.
        """
        if after is None:
            soonest_s, latest_s = _AGAIN_S
            after = timedelta(seconds=min(max(away.retry_after_s or 0.0, soonest_s), latest_s))
        # An earlier answer is kept: "not asked" says less.
        reason = away.reason if away.http_status or delivery.error is None else None
        is_news = await DeliveryAttempts(tx.sql).hold_delivery(
            delivery.id, error=reason, http_status=away.http_status, after=after
        )
        if is_news:
            log.info("delivery.held", delivery_id=delivery.id, kind=delivery.kind, reason=away.reason)
        if is_news and delivery.kind.spec.is_urgent:
            handler = self._kinds.of(delivery)
            if await self._goes_by_email(tx, delivery):
                await handler.record(tx, delivery)
            channels = await handler.channel_message_of_same_step(tx, delivery)
            if channels is not None and channels.held_at is None and channels.status in UNFINISHED:
                await self.hold(tx, channels, away)  # one email for both, whichever was tried first
        return after

    async def _goes_by_email(self, tx: Transaction, delivery: Delivery) -> bool:
        """Return True if the policy asks for an email in the delivery's place."""
        severity = await self._kinds.of(delivery).severity(tx, delivery)
        return severity is not None and self._policy.rules(severity).email_backup
