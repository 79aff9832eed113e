"""Incidents: what the use cases read and write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.incident.incident import Incident
from bot.domain.incident.listing import IncidentFilter
from bot.domain.incident.opening import NewIncident
from bot.domain.people import Person


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


class IncidentReads(Protocol):
    """Reads incidents, each in a statement of its own."""

    async def incident(self, incident_id: int) -> Incident:
        """Return one incident. Raises IncidentNotFound."""

    async def shown_incident(self, incident_id: int) -> Incident:
        """Return one incident with its `calls` and `aftermath`, to show it. Raises IncidentNotFound."""

    async def incident_of_delivery(self, delivery_id: int) -> Incident | None:
        """Return the incident of a delivery, with its `calls` and `aftermath`; None if it has none."""

    async def incident_by_message(self, message_id: int) -> Incident | None:
        """Return the incident on whose message, ours (`ACK_KINDS`) or a monitor's, a 👀 counts."""

    async def incidents_by_messages(self, message_ids: Sequence[int]) -> Mapping[int, list[Incident]]:
        """Return the incidents for which a 👀 counts, by message; a bundle's message has several."""

    async def incident_by_thread(self, thread_id: int) -> Incident | None:
        """Return the incident of a current or former thread."""

    async def open_incidents(self, guild_id: int) -> list[Incident]:
        """Return the open incidents of a guild, oldest first."""

    async def unacknowledged(self, *, after: int, limit: int) -> list[Incident]:
        """Return unacknowledged incidents with a number greater than *after*, in order."""

    async def count_open(self, guild_id: int) -> list[OpenCount]:
        """Count the open incidents by severity."""

    async def list_incidents(
        self, guild_id: int, wanted: IncidentFilter, *, limit: int, offset: int
    ) -> list[Incident]:
        """Return a page of the incidents that are *wanted*: open ones first, each newest first."""

    async def related(self, incident_id: int) -> list[Incident]:
        """Return the incidents that are linked with one or were merged into it, oldest first."""

    async def linked(self, incident_id: int) -> list[Incident]:
        """Return the incidents that are linked with one, oldest first."""

    async def incidents_between(self, guild_id: int, start: datetime, end: datetime) -> list[Incident]:
        """Return the incidents of a guild that were triggered in [start, end), oldest first."""


class IncidentWrites(Protocol):
    """The part of a transaction that stores and changes incidents."""

    async def insert_incident(
        self, new: NewIncident, *, priority: str, ack_due_at: datetime, thread_channel: str | None = None
    ) -> tuple[Incident, bool]:
        """Store a new incident; return it, or the one of a known `key`, and whether it was made now.

        Args:
            thread_channel: The policy's name of where its thread is opened.
        """

    async def incident_by_key(self, key: str) -> Incident | None:
        """Return the incident that *key* opened; None if there is none yet."""

    async def incident(
        self, incident_id: int, *, lock: bool = False, known: Incident | None = None
    ) -> Incident:
        """Return one incident, with *lock* locked until the commit.

        Args:
            known: The incident as read before. It is returned without a read if it had not changed when it
                was locked. Pass it only before anything is written.

        Raises:
            IncidentNotFound: no such number.
        """

    async def save(self, incident: Incident) -> None:
        """Write what `bot.domain.incident.transitions` may have changed. The row must be locked."""

    async def set_places(
        self,
        incident_id: int,
        *,
        alert: tuple[int, int] | None = None,
        thread_id: int | None = None,
    ) -> Incident:
        """Remember where the alert (channel id, message id) or the thread is; grows the version."""

    async def link(self, incident_id: int, related_id: int, *, by: Person) -> bool:
        """Link two related incidents, in either order; return False when they were linked already."""

    async def unlink(self, incident_id: int, related_id: int) -> bool:
        """Remove the link between two incidents; return False when there was none."""
