"""Weekly digests."""

from datetime import datetime
from typing import Protocol

from bot.domain.calendar.iso_week import IsoWeek


class DigestReads(Protocol):
    """Reads which weeks have their digest."""

    async def is_digest_claimed(self, guild_id: int, week: IsoWeek) -> bool:
        """Return True if a week's digest is reserved, posted or not."""


class DigestWrites(Protocol):
    """The part of a transaction that is about digests."""

    async def claim_digest(self, guild_id: int, week: IsoWeek, *, due_at: datetime) -> bool:
        """Reserve a week's digest; False when it is taken."""
