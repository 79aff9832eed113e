"""A failed attempt at a delivery, and the check that another attempt may follow."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final

from bot.domain.delivery.delivery import UNKNOWN, Delivery, may_double
from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.services.shared.already_told import OLD

_UNREAD: Final = f"{UNKNOWN}; cannot read the channel's history"
_UNFOUND: Final = f"{UNKNOWN}; not found in the channel's history"

#: How often to look for a message that is sent once, before a person has to.
_LOOKS: Final = 3


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt did not succeed; *final* when no further attempt will."""

    reason: str
    http_status: int | None
    final: bool
    asked_s: float | None = None
    code: int = 0

    @property
    def away(self) -> UpstreamUnavailable:
        """Return the failure as the error "Discord did not answer"."""
        return UpstreamUnavailable(self.reason, http_status=self.http_status, retry_after_s=self.asked_s)


def require_repeatable(delivery: Delivery, unread: DeliveryRefused, *, now: datetime) -> None:
    """Check that *delivery* may be sent again although the bot cannot read whether it is posted already.

    Discord merges two messages while it knows their nonce; a channel that is gone has neither of them.

    Raises:
        DeliveryRefused: it must not be sent again; the DLQ row tells a person to look.
    """
    if delivery.kind.spec.is_once:
        raise DeliveryRefused(_UNREAD, http_status=unread.http_status) from unread
    is_known = delivery.first_sent_at is None or now - delivery.first_sent_at < OLD
    if is_known or may_double(delivery) or unread.http_status == HTTPStatus.NOT_FOUND:
        return
    raise DeliveryRefused(_UNREAD, http_status=unread.http_status) from unread


def require_unsent(delivery: Delivery) -> None:
    """Check that *delivery*, whose message was not found after an attempt, may be sent again.

    Raises:
        UpstreamUnavailable: it is sent once, and perhaps its message is on its way. DeliveryRefused: it has
            not come by now; a person has to look.
    """
    if not delivery.kind.spec.is_once:
        return
    if delivery.attempts < _LOOKS:
        raise UpstreamUnavailable(_UNFOUND)
    raise DeliveryRefused(_UNFOUND, http_status=HTTPStatus.GATEWAY_TIMEOUT)


def require_patience(delivery: Delivery, away: UpstreamUnavailable) -> None:
    """Check that it is worth looking again for the message of an earlier attempt.

    Raises:
        DeliveryRefused: it is sent once, and the channel could not be read often enough.
    """
    if delivery.kind.spec.is_once and delivery.attempts >= _LOOKS:
        status = away.http_status or HTTPStatus.GATEWAY_TIMEOUT
        raise DeliveryRefused(_UNREAD, http_status=status) from away
