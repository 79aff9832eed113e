"""Morning triages, and weekly digests."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from bot.domain.calendar.iso_week import IsoWeek
from bot.domain.incident.incident import Incident
from bot.domain.morning import Morning, MorningView


class MorningReads(Protocol):
    """Reads morning triages, each in a statement of its own."""

    async def morning_view(self, guild_id: int, day: date) -> MorningView | None:
        """Return one day's morning triage with its incidents; None if there was none."""

    async def mornings_with(self, incident: Incident, *, since: date) -> list[Morning]:
        """Return the morning triages from *since* on that list *incident*, oldest first."""


class MorningWrites(Protocol):
    """The part of a transaction that is about morning triages."""

    async def due_before(
        self, guild_id: int, *, severities: Sequence[str], before: datetime
    ) -> list[Incident]:
        """Return unacknowledged incidents of *severities* that are due before *before*, oldest first.

        Drills are left out.
        """

    async def claim_morning(self, morning: Morning) -> bool:
        """Store a day's gathering; False when there is one."""

    async def morning(self, guild_id: int, day: date) -> MorningView | None:
        """Lock and return one day's morning triage with its incidents."""

    async def save_morning(self, morning: Morning) -> None:
        """Store when the morning triage asks next, and how often it has asked. The row must be locked."""


class DigestReads(Protocol):
    """Reads which weeks have their digest."""

    async def is_digest_claimed(self, guild_id: int, week: IsoWeek) -> bool:
        """Return True if a week's digest is reserved, posted or not."""


class DigestWrites(Protocol):
    """The part of a transaction that is about digests."""

    async def claim_digest(self, guild_id: int, week: IsoWeek, *, due_at: datetime) -> bool:
        """Reserve a week's digest; False when it is taken."""
