"""The three tables about on-call, in memory."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.oncall.roster import Book, Content, StoredOverride, StoredSchedule, Watch


@dataclass(frozen=True, slots=True)
class KeptSchedule:
    """A row of `oncall_schedules`: a draft has no start."""

    id: int
    guild_id: int
    place: str
    content: Content
    by_name: str
    at: datetime
    starts: datetime | None
    ended_at: datetime | None = None


@dataclass(slots=True)
class OnCallState:
    """The three tables."""

    overrides: dict[int, tuple[int, StoredOverride]] = field(default_factory=dict)
    schedules: dict[int, KeptSchedule] = field(default_factory=dict)
    watches: dict[int, Watch] = field(default_factory=dict)

    def book(self, guild_id: int, since: datetime) -> Book:
        """What counts at *since* or later."""
        overrides = [one for guild, one in self.overrides.values() if guild == guild_id and one.until > since]
        in_force = [
            StoredSchedule(one.id, one.place, one.content, one.by_name, one.starts, one.ended_at)
            for one in self.schedules.values()
            if one.guild_id == guild_id
            and one.starts is not None
            and (one.ended_at is None or one.ended_at > since)
        ]
        return Book(tuple(overrides), tuple(sorted(in_force, key=lambda one: (one.starts, one.id))))
