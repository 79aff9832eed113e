"""The action items of the demo's past: the capability that has them makes them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from bot.demo.story.cast import CastMember
from bot.demo.story.seeded_incidents import SeededIncident
from bot.domain.delivery.delivery import Notice
from bot.domain.incident.parts import ActionCount
from bot.domain.timeline.entries import EntryData


class PastItem(Protocol):
    """One item, as the bot would have stored and posted it."""

    @property
    def key(self) -> str:
        """Return its key: nothing else begins so."""

    @property
    def done_at(self) -> datetime | None:
        """Return when its owner was done; None: it is open."""

    def row(self, *, guild_id: int, incident_id: int) -> dict[str, object]:
        """Return the item's row in the table of action items."""

    def facts(self, number: int) -> Iterator[tuple[datetime, EntryData, CastMember]]:
        """Yield its entries on the timeline, by its *number*."""

    def lines(self, number: int) -> Iterator[tuple[Notice, str, datetime]]:
        """Yield its lines in the thread, with their keys and moments."""


def items_of(seeded: SeededIncident) -> list[PastItem]:
    """Return the items of one incident; none while it is open."""
    made = (one.past_items(seeded) for one in seeded.policy.capabilities if one.past_items is not None)
    return [item for items in made for item in items]


def counted(seeded: SeededIncident) -> ActionCount:
    """Return how many items the incident has."""
    items = items_of(seeded)
    return ActionCount(sum(item.done_at is None for item in items), len(items))
