"""Replays of DLQ entries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.dlq.failures import EntryOrigin
from bot.domain.dlq.replays import ReplayRecord
from bot.domain.people import Person


class ReplayReads(Protocol):
    """Reads replays and the origins of DLQ entries, each in a statement of its own."""

    async def replay_of(self, entry_id: str) -> ReplayRecord | None:
        """Return the replay of a DLQ entry: its person, and the message once that was sent."""

    async def replays_of(self, entry_ids: Sequence[str]) -> list[ReplayRecord]:
        """Return the replays of several entries, of those that have one."""

    async def origins(self, guild_id: int, times: Sequence[datetime]) -> list[EntryOrigin]:
        """Return deliveries queued or first tried within a second of one of *times* (aware).

        A DLQ entry of such a moment may be about one of them. Its table may keep whole seconds only.
        """

    async def private_origins(self, guild_id: int, since: datetime, until: datetime) -> list[EntryOrigin]:
        """Return the deliveries of private incidents that were queued or first tried in this time."""


class ReplayWrites(Protocol):
    """The part of a transaction that is about replays."""

    async def claim_replay(self, entry_id: str, *, guild_id: int, channel: str, by: Person, key: str) -> bool:
        """Reserve an entry's one replay; False when it is taken by one that has not failed."""
