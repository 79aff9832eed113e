"""What changed before an incident, the decision on a rollback, and the past incidents to compare with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.incident.incident import Incident
from bot.domain.seen_before.ranking import KnownReport
from bot.domain.suspects.card import SuspectCard
from bot.domain.suspects.rollback import Rollback


@dataclass(frozen=True, slots=True)
class EndedIncident:
    """A past incident with what is worth knowing of it.

    Attributes:
        incident: With its aftermath.
        open_items: Its open action items, the first to be due first.
        topics: Of the command sheets whose output was kept on its timeline.
    """

    incident: Incident
    open_items: tuple[str, ...]
    topics: tuple[str, ...]


class SuspectReads(Protocol):
    """Reads suspects and rollback decisions, within a transaction or without one."""

    async def suspect_card(self, incident_id: int) -> SuspectCard | None:
        """Return the card of an incident; None before it is made."""

    async def past_reports(self, guild_id: int, *, limit: int) -> list[KnownReport]:
        """Return the latest resolved incidents of a guild, the latest first.

        Private incidents, drills and tracked alerts are left out.
        """

    async def ended_incidents(self, guild_id: int, numbers: Sequence[int]) -> list[EndedIncident]:
        """Return those of *numbers* that are resolved and not private, in no order."""

    async def cards_with(self, guild_id: int, number: int) -> list[int]:
        """Return the incidents whose cards name past incident *number*."""


class SuspectWrites(SuspectReads, Protocol):
    """The part of a transaction that changes them. The incident must be locked."""

    async def save_suspect_card(self, incident: Incident, card: SuspectCard) -> None:
        """Store the card of an incident, in the place of the one before."""

    async def still_public(self, guild_id: int, numbers: Sequence[int]) -> frozenset[int]:
        """Return those of *numbers* that are not private, and keep them so until the commit."""

    async def save_rollback(self, incident: Incident, rollback: Rollback) -> None:
        """Store the decision that counts from now on."""
