"""Ids: 64-bit numbers, written as strings, that carry the time of their making.

Source: Discord's docs, Reference > Snowflakes.
"""

from datetime import UTC, datetime

from local_discord.world.clock import Clock

DISCORD_EPOCH_MS = 1_420_070_400_000
TIMESTAMP_SHIFT = 22


class Snowflakes:
    """Hands out ids that strictly increase; *last* is the latest one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.last = 0

    def next(self) -> str:
        """A new id, greater than every one before it."""
        stamped = (self._clock.now_ms() - DISCORD_EPOCH_MS) << TIMESTAMP_SHIFT
        self.last = max(stamped, self.last + 1)
        return str(self.last)


def snowflake_of(at: datetime) -> str:
    """Return the first id of the millisecond of *at* (aware)."""
    return str((round(at.timestamp() * 1000) - DISCORD_EPOCH_MS) << TIMESTAMP_SHIFT)


def created_at(snowflake: str) -> datetime:
    """When *snowflake* was made, UTC."""
    ms = (int(snowflake) >> TIMESTAMP_SHIFT) + DISCORD_EPOCH_MS
    return datetime.fromtimestamp(ms / 1000, UTC)
