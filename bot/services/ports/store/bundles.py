"""Bundles: one message for the deliveries of several incidents."""

from collections.abc import Collection, Sequence
from typing import Protocol

from bot.domain.delivery.delivery import NewDelivery
from bot.domain.escalation.bundle import Bundle, Bundled, Group


class BundleReads(Protocol):
    """Reads bundles, each in a statement of its own."""

    async def bundle(self, delivery_id: int) -> Bundle:
        """Return the current content of a bundle."""


class BundleWrites(Protocol):
    """The part of a transaction that bundles deliveries."""

    async def insert_bundled(self, new: Sequence[NewDelivery], group: Group) -> None:
        """Store deliveries of one group, to be sent as one message. Their incidents must be locked."""

    async def bundle(self, group: Group, *, apart: Collection[str] = ()) -> int:
        """Bundle all deliveries of *group* whose sending has not begun; return the bundle's delivery.

        A bundle that waits already takes them in. Deliveries that another transaction has locked are left
        out, and so are those with the keys *apart*.
        """

    async def close_bundle(self, delivery_id: int) -> int:
        """Close the bundle to further deliveries; return how many of its deliveries it must still report.

        From the beginning of its attempt on (`begin_attempt`) they share the bundle's fate.
        """

    async def bundled(self, delivery_id: int) -> list[Bundled]:
        """Return the deliveries in a bundle, without those that were cancelled before."""

    async def mark_bundle_emailed(self, bundle_id: int, *, to: Sequence[str], is_done: bool) -> None:
        """Record that one email in place of a bundle was accepted for *to*; see `mark_emailed`."""
