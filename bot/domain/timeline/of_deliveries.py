"""What timeline entries hold about deliveries that did not arrive as messages."""

from dataclasses import dataclass
from typing import ClassVar

from bot.domain.payloads import keyed
from bot.domain.timeline.entries import EntryData, TimelineKind


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFailedEntry(EntryData):
    """A delivery was given up.

    Attributes:
        of: Its kind.
        to: As `Delivery.to`.
        name: Of the person it was about, where that is known.
    """

    kind: ClassVar = TimelineKind.DELIVERY_FAILED

    of: str = keyed("kind")
    to: str
    reason: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailedEntry(EntryData):
    """It went out by email."""

    kind: ClassVar = TimelineKind.EMAILED

    recipients: int | None
