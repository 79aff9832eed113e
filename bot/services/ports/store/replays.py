"""Replays of DLQ entries."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from bot.domain.dlq import Origin, ReplayRecord
from bot.domain.people import Person


class ReplayReads(Protocol):
    """Reads replays and the origins of DLQ entries, each in a statement of its own."""

    async def replay_of(self, entry_id: UUID) -> ReplayRecord | None:
        """Return the replay of a DLQ entry: its person, and the message once that was sent."""

    async def origins(self, guild_id: int, at: datetime) -> list[Origin]:
        """Return deliveries queued or first tried at exactly *at* (aware): DLQ entries may be about them."""


class ReplayWrites(Protocol):
    """The part of a transaction that is about replays."""

    async def claim_replay(
        self, entry_id: UUID, *, guild_id: int, channel: str, by: Person, key: str
    ) -> bool:
        """Reserve an entry's one replay; False when it is taken by one that has not failed."""
