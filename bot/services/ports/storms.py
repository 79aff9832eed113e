"""Reads and writes about many incidents at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.delivery.delivery import Delivery, NewDelivery
from bot.domain.escalation.bundle import Bundle, Bundled, Group
from bot.domain.escalation.ladder import Due, Step
from bot.domain.incident.incident import Incident
from bot.domain.timeline.entries import TimelineEntry


@dataclass(frozen=True, slots=True)
class OpenCount:
    """How many incidents of one severity are open in a guild, drills left out.

    Attributes:
        ack_due_at: The oldest deadline of the unacknowledged ones.
    """

    guild_id: int
    severity: str
    open: int
    waiting: int
    ack_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Prospect:
    """The facts about a delivery that decide how it is sent.

    Attributes:
        now: The database's time.
        due_since: Due time of an undecided step. Until it is decided, more may come for the same place.
        is_behind: An earlier line of its thread, or its alert, is held back by an outage.
        group: The group to bundle a page or escalation with; None: it is sent alone, or has been begun.
        waiting: The number of deliveries in that group, this one included.
    """

    delivery: Delivery
    now: datetime
    due_since: datetime | None
    is_behind: bool
    group: Group | None
    waiting: int


class StormTransaction(Protocol):
    """The part of a transaction that is about many at once."""

    async def claim_due(self, before: datetime, *, limit: int) -> list[Due]:
        """Lock *limit* incidents whose steps were due at *before* or earlier, the most severe first.

        An incident that another transaction has locked is skipped, not waited for. Call this before anything
        else is locked.

        Returns:
            One `Due` for each, with all of its steps that were due.
        """
        ...

    async def finish_steps(self, steps: Sequence[Step]) -> None:
        """Mark claimed steps as done, and take back their jobs."""
        ...

    async def add_timelines(self, entries: Sequence[tuple[int, TimelineEntry]]) -> None:
        """Append to the histories of several incidents, by number."""
        ...

    async def insert_bundled(self, new: Sequence[NewDelivery], group: Group) -> None:
        """Store deliveries of one group, to be sent as one message. Their incidents must be locked."""
        ...

    async def bundle(self, group: Group, *, apart: Collection[str] = ()) -> int:
        """Bundle all deliveries of *group* whose sending has not begun.

        A bundle that waits already takes them in. Deliveries that another transaction has locked are left
        out, and so are those with the keys *apart*.

        Returns:
            The bundle's delivery.
        """
        ...

    async def close_bundle(self, delivery_id: int) -> int:
        """Take nothing more in; how many of its deliveries are left to be told of.

        From the beginning of its attempt on (`begin_attempt`) they share the bundle's fate.
        """
        ...

    async def bundled(self, delivery_id: int) -> list[Bundled]:
        """Return the deliveries in a bundle, without those that became moot before."""
        ...

    async def mark_bundle_emailed(self, bundle_id: int, *, to: Sequence[str], is_done: bool) -> None:
        """One email has told *to* of all that a bundle was to tell; see `mark_emailed`."""
        ...


class StormStore(Protocol):
    """Reads about many incidents at once."""

    async def due_incidents(
        self, before: datetime, *, limit: int, since: datetime | None = None
    ) -> list[Incident]:
        """Return incidents with steps due at *before* or earlier, by severity and then the longest due first.

        Args:
            since: Leave out incidents that had a step due at this time already.
        """
        ...

    async def step_due_in(self, incident_id: int, index: int) -> timedelta | None:
        """The time until a step is due, negative when it is overdue; None when it is decided."""
        ...

    async def put_off_steps(self, by: timedelta) -> None:
        """Keep the queue for a while from starting the decisions that are due: a sweep takes them along."""
        ...

    async def put_off_until_due(self) -> None:
        """Keep the queue from looking ahead at steps one by one; they come at their time."""
        ...

    async def before_sending(self, delivery_id: int, *, at_most: int) -> Prospect | None:
        """A delivery that may have to be sent, with what decides about it, at one look and unlocked.

        Args:
            at_most: How far those are counted that it could be told of with.

        Returns:
            None when it is finished, or a bundle tells of it.
        """
        ...

    async def bundle(self, delivery_id: int) -> Bundle:
        """Return the current content of a bundle."""
        ...

    async def incidents_by_messages(self, message_ids: Sequence[int]) -> Mapping[int, list[Incident]]:
        """The incidents for which a 👀 counts, by message; of a bundle several. Others are left out."""
        ...

    async def unacknowledged(self, *, after: int, limit: int) -> list[Incident]:
        """Still triggered, of all guilds, with a number greater than *after*, in order."""
        ...

    async def open_page(self, guild_id: int, *, after: int, limit: int) -> list[Incident]:
        """Not ended, of a guild, with a number greater than *after*, in order."""
        ...

    async def count_open(self, guild_id: int) -> list[OpenCount]:
        """Count the open incidents by severity."""
        ...
