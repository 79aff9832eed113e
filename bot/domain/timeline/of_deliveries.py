"""What timeline entries hold about deliveries that did not arrive as messages."""

from bot.domain.payloads import keyed
from bot.domain.timeline.entries import EntryData, TimelineKind


class DeliveryFailedEntry(EntryData, kind=TimelineKind.DELIVERY_FAILED):
    """A delivery was given up.

    Attributes:
        of: Its kind.
        to: As `Delivery.to`.
        name: Of the person it was about, where that is known.
    """

    of: str = keyed("kind")
    to: str
    reason: str
    name: str | None = None


class EmailedEntry(EntryData, kind=TimelineKind.EMAILED):
    """It went out by email."""

    recipients: int | None
