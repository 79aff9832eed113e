"""The rules for attempts at a delivery: when the next one comes, when it is too late, what may be doubled."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from bot.domain.delivery.delivery import Delivery, Posted, priority_of
from bot.domain.delivery.kinds import AnyDeliveryKind

#: Start of the reason for a message that has perhaps arrived: no one sends it again before having looked.
UNKNOWN: Final = "may have been posted"

#: A message that is sent this long after its delivery was stored is late.
LATE: Final = timedelta(minutes=2)

#: Seconds to wait before attempt 2, 3, ...; after the last one a delivery that is urgent,
#: or that goes to a system outside, has failed.
RETRY_DELAYS_S = (1.0, 3.0, 8.0, 20.0, 40.0)

#: The longest wait that a system outside may ask for, seconds. A page that waits longer goes by another way.
LONGEST_OUTSIDE_S: Final = 60.0

#: How long a ringing delivery may take before an email goes out first. Longer than the full window of a
#: channel (5 s) plus the time in which a bundle gathers (2.5 s), so that a storm alone sends no email.
PATIENCE: Final = timedelta(seconds=10)

#: After `RETRY_DELAYS_S`, a delivery that is not urgent is tried every five minutes, for a day.
PATIENT_DELAY_S = 300.0
PATIENT_ATTEMPTS = 288


def retry_after(kind: AnyDeliveryKind, attempts: int, *, asked_s: float | None) -> timedelta | None:
    """Return the time to the next attempt, or None when it is time to give up.

    Args:
        attempts: Attempts made so far, >= 1.
        asked_s: What the peer asked for (`retry_after`), seconds.
    """
    if kind.spec.is_outside and (asked_s or 0.0) > LONGEST_OUTSIDE_S:
        return None
    if attempts <= len(RETRY_DELAYS_S):
        delay_s = RETRY_DELAYS_S[attempts - 1]
    elif not (kind.spec.is_urgent or kind.spec.is_outside) and attempts <= PATIENT_ATTEMPTS:
        delay_s = PATIENT_DELAY_S
    else:
        return None
    return timedelta(seconds=max(delay_s, asked_s or 0.0))


def comes_too_late(delivery: Delivery, *, now: datetime, wait: timedelta, asked_wait: timedelta) -> bool:
    """Return True if the next attempt would come after the delivery's deadline, one for all its attempts.

    For the kinds that a storm combines, the deadline counts from the time the delivery was stored. There are
    as many alerts as incidents, so an alert's deadline counts from its first attempt: the bot's own queue is
    no reason for an email.

    Args:
        wait: The time until the next attempt.
        asked_wait: The part of *wait* that is not spent in the bot's own queue.
    """
    if delivery.kind.spec.is_gathered:
        return now + wait > delivery.created_at + PATIENCE
    return delivery.kind.spec.is_urgent and now + asked_wait > (delivery.first_sent_at or now) + PATIENCE


def may_double(delivery: Delivery) -> bool:
    """Return True if sending the delivery twice is better than not at all: those of the highest severity."""
    return delivery.priority > priority_of(1)


def is_mute(delivery: Delivery, posted: Posted) -> bool:
    """Return True if the posted message did not notify the people whom it should have notified.

    The returned message says whether @here and the roles rang. In a private thread that is the only proof: a
    role that is not mentionable still rings if the sender may mention everyone.
    """
    allowed = None if delivery.request is None else delivery.request.body.get("allowed_mentions")
    if not isinstance(allowed, Mapping):
        return False
    parse, roles = allowed.get("parse"), allowed.get("roles")
    if isinstance(parse, list | tuple) and "everyone" in parse and not posted.pinged:
        return True
    return isinstance(roles, list | tuple) and not {int(str(role)) for role in roles} <= posted.roles
