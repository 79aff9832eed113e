"""The states of heartbeats, their last beats, and what is still to be tracked."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from bot.storage.database.sql import Row, Sql
from bot.storage.rows import from_row
from bot.storage.tables.statistics import RowGauge
from cogs.heartbeats.rules import (
    TROUBLES,
    Beat,
    BeatKind,
    HeartbeatEvent,
    HeartbeatRules,
    HeartbeatState,
    HeartbeatStatus,
    JobRun,
    WaitingEvent,
    runs_of,
)

#: Characters at the end of a body that an alert shows.
_SHOWN: Final = 1_000


class HeartbeatRows:
    """The heartbeats of one guild, within a transaction or without one."""

    def __init__(self, sql: Sql, guild_id: int) -> None:
        self._sql = sql
        self._guild_id = guild_id

    async def lock(self, name: str) -> HeartbeatStatus:
        """Return the state of a heartbeat, locked until the transaction ends."""
        return _status(await self._sql.one("lock_heartbeat", guild_id=self._guild_id, name=name))

    async def all(self) -> list[HeartbeatStatus]:
        """Return the states of all that have ever sent a beat."""
        return [_status(row) for row in await self._sql.all("heartbeats", guild_id=self._guild_id)]

    async def silent(self, names: Sequence[str], *, limit: int) -> list[HeartbeatStatus]:
        """Return, and lock, those from which nothing has come in time, the most overdue first."""
        rows = await self._sql.all(
            "silent_heartbeats", guild_id=self._guild_id, names=list(names), limit=limit
        )
        return [_status(row) for row in rows]

    async def save(self, status: HeartbeatStatus) -> None:
        """Write a state that this transaction has locked."""
        await self._sql.all("save_heartbeat", status, guild_id=self._guild_id)

    async def keep(self, beat: Beat, *, at: datetime) -> None:
        """Keep a beat among the last ones."""
        await self._sql.all("keep_beat", beat, at=at)

    async def runs(self, name: str | None = None) -> dict[str, tuple[JobRun, ...]]:
        """Return the runs that kept beats tell of; if *name* is given, its own, with their output."""
        beats: dict[str, list[tuple[datetime, Beat]]] = defaultdict(list)
        for row in await self._sql.all("heartbeat_beats", guild_id=self._guild_id, name=name):
            beats[row["name"]].append((row["at"], from_row(Beat, row, kind=BeatKind(row["kind"]))))
        return {named: tuple(runs_of(those)) for named, those in beats.items()}

    async def add_event(
        self, event: HeartbeatEvent, status: HeartbeatStatus, beat: Beat | None = None
    ) -> None:
        """Store what is to be tracked, with the end of what the job has said."""
        await self._sql.all(
            "add_heartbeat_event",
            guild_id=self._guild_id,
            name=status.name,
            event=event,
            since=status.since,
            exit_status=None if beat is None else beat.exit_status,
            body="" if beat is None else beat.body[-_SHOWN:],
        )

    async def events(self, *, limit: int) -> list[WaitingEvent]:
        """Return what is still to be tracked, oldest first."""
        rows = await self._sql.all("heartbeat_events", guild_id=self._guild_id, limit=limit)
        return [from_row(WaitingEvent, row, event=HeartbeatEvent(row["event"])) for row in rows]

    async def drop(self, event: WaitingEvent) -> None:
        """Forget an event that is tracked."""
        await self._sql.all("drop_heartbeat_event", id=event.id)

    async def look(self, *, most_s: float) -> bool:
        """Record that they are looked at; return True if they were not for longer than *most_s*."""
        row = await self._sql.one("look_at_heartbeats", guild_id=self._guild_id, most_s=most_s)
        was_away: bool = row["was_away"]
        return was_away

    async def postpone(self, rules: Collection[HeartbeatRules]) -> None:
        """Give each heartbeat its grace from now on."""
        await self._sql.all(
            "postpone_heartbeats",
            guild_id=self._guild_id,
            names=[one.name for one in rules],
            graces_s=[one.grace.total_seconds() for one in rules],
        )


async def gauges(sql: Sql, off: Collection[int]) -> list[RowGauge]:
    """Return the states of heartbeats for the monitoring system."""
    rows = await sql.all("heartbeat_figures", off=list(off))
    up = {(str(row["guild_id"]), row["name"]): int(row["state"] not in TROUBLES) for row in rows}
    meaning = "0 if the heartbeat is late or has failed, else 1"
    return [RowGauge("incident_bot_heartbeat_up", meaning, ("guild", "heartbeat"), up)]


def _status(row: Row) -> HeartbeatStatus:
    return from_row(HeartbeatStatus, row, state=HeartbeatState(row["state"]))
