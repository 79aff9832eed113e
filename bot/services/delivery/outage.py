"""What an outage of Discord, or a long limit, changes: a delivery waits, goes by email, and says its time."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.domain.delivery.attempts import LATE, comes_too_late
from bot.domain.delivery.delivery import UNFINISHED, Delivery, DeliveryKind
from bot.domain.errors import Crowded, DiscordAway, UpstreamUnavailable
from bot.domain.escalation.ladder import StepStatus
from bot.domain.severity import Mention
from bot.runbook.model import Policy
from bot.services.ports import Job, JobName, Store, Transaction
from bot.services.shared.postings import posting_key

log = structlog.get_logger(__name__)

#: When to look again, whatever Discord or the circuit ask for, seconds: at the soonest, and at the latest.
_AGAIN_S: Final = (1.0, 60.0)

#: To be held like: an earlier one for the same place comes first.
BEHIND: Final = DiscordAway("an earlier one is held back", retry_after_s=1.0)


def record_job(delivery: Delivery) -> Job:
    """The job that takes a delivery into the DLQ, and to the on-call by email."""
    return record_job_of(delivery.id, priority=delivery.priority)


def record_job_of(delivery_id: int, *, priority: int) -> Job:
    """The same by its number."""
    return Job(JobName.RECORD_FAILURE, str(delivery_id), f"record:{delivery_id}", priority=priority)


def email_job(delivery: Delivery) -> Job:
    """The job that also mails what Discord has taken; of a bundle, one email for all that it tells of."""
    return Job(JobName.EMAIL, str(delivery.id), f"email:{delivery.id}", priority=delivery.priority)


def dated(delivery: Delivery, *, now: datetime) -> Delivery:
    """*delivery* as it is to be sent now: late, if it tells of a moment that has passed."""
    if not delivery.kind.spec.is_dated or now - delivery.created_at < LATE:
        return delivery
    return replace(delivery, is_late=True)


async def rings_no_more(store: Store, delivery: Delivery) -> bool:
    """Whether it is an alert that an outage has let an escalation overtake: it leaves the ringing to that."""
    if delivery.kind is not DeliveryKind.ALERT or delivery.held_at is None or not delivery.incident_id:
        return False
    steps = await store.steps(delivery.incident_id)
    return any(step.status is StepStatus.DONE and step.rung.mention is not Mention.NONE for step in steps)


async def hold_if_late(
    tx: Transaction, delivery: Delivery, away: UpstreamUnavailable, *, wait: timedelta, policy: Policy
) -> bool:
    """Keep what would go out after its own deadline, where an email goes ahead of it; whether it is kept.

    Args:
        wait: Until it is tried again.
    """
    asked = away.asked if isinstance(away, Crowded) else wait
    is_late = comes_too_late(delivery, now=await tx.now(), wait=wait, asked=asked)
    if not is_late or not await _goes_by_email(tx, delivery, policy):
        return False
    await hold(tx, delivery, away, policy=policy, after=wait)
    return True


async def hold(
    tx: Transaction,
    delivery: Delivery,
    away: UpstreamUnavailable,
    *,
    policy: Policy,
    after: timedelta | None = None,
) -> timedelta:
    """Keep *delivery* until Discord is back. An urgent one goes by email at once.

    Args:
        after: When to look again; by default when *away* says so, within bounds.

    Returns:
        When to look again.
    """
    if after is None:
        soonest_s, latest_s = _AGAIN_S
        after = timedelta(seconds=min(max(away.retry_after_s or 0.0, soonest_s), latest_s))
    reason = away.reason if away.http_status or delivery.error is None else None  # not "not asked"
    is_news = await tx.hold_delivery(delivery.id, error=reason, http_status=away.http_status, after=after)
    if is_news:
        log.info("delivery.held", delivery_id=delivery.id, kind=delivery.kind, reason=away.reason)
    if is_news and delivery.kind.spec.is_urgent:
        await _email_at_once(tx, delivery, policy)
        channels = await beside(tx, delivery)
        if channels is not None and channels.held_at is None and channels.status in UNFINISHED:
            await hold(tx, channels, away, policy=policy)  # one email for both, whichever was tried first
    return after


async def beside(source: Transaction | Store, page: Delivery) -> Delivery | None:
    """The channel's message of the same moment as a page."""
    step = page.data.get("step")
    if page.kind is not DeliveryKind.PAGE or page.incident_id is None or step is None:
        return None
    channels = await source.delivery_by_key(f"inc:{page.incident_id}:step:{step}:channel")
    if channels is None:  # the first page goes out with the alert itself
        return await source.delivery_by_key(posting_key(page.incident_id, DeliveryKind.ALERT, 1))
    return channels


async def _email_at_once(tx: Transaction, delivery: Delivery, policy: Policy) -> None:
    """Where the policy asks for it; a bundle's first incident sends one for all of them."""
    if not await _goes_by_email(tx, delivery, policy):
        return
    if delivery.kind is DeliveryKind.BUNDLE:
        members = await tx.bundled(delivery.id)
        await tx.enqueue(*(record_job_of(one.id, priority=delivery.priority) for one in members))
    else:
        await tx.enqueue(record_job(delivery))


async def _goes_by_email(tx: Transaction, delivery: Delivery, policy: Policy) -> bool:
    """Whether the policy asks for an email in its place."""
    if delivery.kind is DeliveryKind.BUNDLE:
        return policy.rules(str(delivery.data["severity"])).email_backup
    if not delivery.kind.spec.goes_by_email or delivery.incident_id is None:
        return False
    incident = await tx.incident(delivery.incident_id)
    return policy.rules(incident.severity).email_backup


async def is_overtaken(tx: Transaction, delivery: Delivery) -> bool:
    """Whether a later page or escalation says what this one would have said, before the outage let it out."""
    was_held = delivery.held_at is not None and delivery.kind.spec.is_paging
    return was_held and await tx.is_overtaken(delivery.id)


async def must_wait(tx: Transaction, delivery: Delivery) -> bool:
    """Whether an outage holds back what comes first: an earlier line of the thread, the alert."""
    return delivery.kind.spec.keeps_order and await tx.is_behind(delivery.id)
