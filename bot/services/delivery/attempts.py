"""A failed attempt at a delivery, and the check that another attempt may follow."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final

from bot.domain.delivery.attempts import may_double
from bot.domain.delivery.delivery import Delivery
from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.services.shared.already_told import OLD

_UNKNOWN: Final = "may have been posted; cannot read the channel's history"


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
        """Return the failure as an error."""
        return UpstreamUnavailable(self.reason, http_status=self.http_status, retry_after_s=self.asked_s)


def require_repeatable(delivery: Delivery, unread: DeliveryRefused, *, now: datetime) -> None:
    """Check that *delivery* may be sent again although the bot cannot read whether it is posted already.

    Discord merges two messages while it knows their nonce; a channel that is gone has neither of them.

    Raises:
        DeliveryRefused: it must not be sent again; the DLQ row tells a person to look.
    """
    is_known = delivery.first_sent_at is None or now - delivery.first_sent_at < OLD
    if is_known or may_double(delivery) or unread.http_status == HTTPStatus.NOT_FOUND:
        return
    raise DeliveryRefused(_UNKNOWN, http_status=unread.http_status) from unread
