"""Maintenance windows, and the alerts that they hold."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.domain.alerts.decisions import AlertWindow
from bot.domain.people import Person
from bot.domain.server_events import EventShown
from bot.storage.database.sql import Row, Sql
from bot.storage.rows import from_row
from cogs.maintenance.rules import HeldCount, MaintenancePlan, NewPlan, WindowEvent


class Windows:
    """Maintenance windows and what they have held, within a transaction or without one."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def open(self, guild_id: int) -> list[AlertWindow]:
        """Return the windows that hold alerts now, those that end first at the beginning."""
        return [_window(row) for row in await self._sql.all("open_windows", guild_id=guild_id)]

    async def find(self, guild_id: int, window_id: int) -> AlertWindow | None:
        """Return the guild's window with that number; None if there is none."""
        row = await self._sql.first("alert_window", guild_id=guild_id, window_id=window_id)
        return None if row is None else _window(row)

    async def begin(
        self, guild_id: int, target: str, *, ends_at: datetime, reason: str, by: Person
    ) -> AlertWindow:
        """Open a window; if one is open for the target, change that one."""
        row = await self._sql.one(
            "begin_window",
            guild_id=guild_id,
            target=target,
            reason=reason,
            by_id=by.id,
            by_name=by.name,
            ends_at=ends_at,
        )
        return _window(row)

    async def end(self, guild_id: int, window_id: int, *, by: Person | None) -> AlertWindow | None:
        """End a window; None if it has ended before, or *by* is None and its time is not over."""
        ended_by = None if by is None else by.name
        row = await self._sql.first("end_window", guild_id=guild_id, window_id=window_id, ended_by=ended_by)
        return None if row is None else _window(row)

    async def holding(self, guild_id: int) -> list[AlertWindow]:
        """Return the windows that hold alerts now. None of them ends before the commit."""
        return [_window(row) for row in await self._sql.all("holding_windows", guild_id=guild_id)]

    async def held(self, window_id: int) -> list[str]:
        """Return the fingerprints of the alerts that a window holds."""
        return [row["fingerprint"] for row in await self._sql.all("held_in_window", window_id=window_id)]

    async def count(self, window_id: int) -> HeldCount:
        """Count the alerts that a window has held."""
        row = await self._sql.one("count_held", window_id=window_id)
        return from_row(HeldCount, row, numbers=tuple(row["numbers"]))

    async def settle(self, window_id: int) -> bool:
        """Record that what a window has held is dealt with; return False if that is recorded already."""
        return await self._sql.has("settle_window", window_id=window_id)


class Plans:
    """Planned maintenance, within a transaction or without one."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def add(self, new: NewPlan, *, by: Person) -> MaintenancePlan | None:
        """Store a plan; None if the policy's entry is stored already. Previews of a day ago are forgotten."""
        row = await self._sql.first("add_plan", new, by_id=by.id, by_name=by.name)
        return None if row is None else _plan(row)

    async def kept(self, guild_id: int) -> list[MaintenancePlan]:
        """Return the plans of a guild that will begin, the next one first."""
        return [_plan(row) for row in await self._sql.all("kept_plans", guild_id=guild_id)]

    async def lock(self, guild_id: int, plan_id: int) -> MaintenancePlan | None:
        """Return the plan that will begin, or is previewed, and lock it; None if there is none."""
        row = await self._sql.first("lock_plan", guild_id=guild_id, plan_id=plan_id)
        return None if row is None else _plan(row)

    async def keep(self, plan_id: int, next_at: datetime) -> bool:
        """Keep a previewed plan; return False if it is kept already."""
        return await self._sql.has("keep_plan", plan_id=plan_id, next_at=next_at)

    async def move(self, plan_id: int, next_at: datetime | None) -> None:
        """Let a plan begin next at a moment; None: never again."""
        await self._sql.all("move_plan", plan_id=plan_id, next_at=next_at)

    async def forget_policy(self, guild_id: int, sources: tuple[str, ...]) -> None:
        """Forget the policy's plans but those of *sources*."""
        await self._sql.all("forget_policy_plans", guild_id=guild_id, sources=list(sources))

    async def begin(
        self, plan: MaintenancePlan, ends_at: datetime, *, at_most: timedelta
    ) -> AlertWindow | None:
        """Open the window of a plan, or let the open one of its target go on; None if that lasts as long.

        Args:
            at_most: How long a window may last, its extensions included.
        """
        row = await self._sql.first(
            "begin_planned_window",
            guild_id=plan.guild_id,
            target=plan.target,
            reason=plan.reason,
            by_id=plan.by_id,
            by_name=plan.by_name,
            ends_at=ends_at,
            at_most=at_most,
        )
        return None if row is None else _window(row)


class WindowEvents:
    """The events of one guild, and the refusals that the team was told of."""

    def __init__(self, sql: Sql, guild_id: int) -> None:
        self._sql = sql
        self._guild_id = guild_id

    async def all(self) -> list[WindowEvent]:
        """Return the events that the bot has made, or was about to make."""
        rows = await self._sql.all("window_events", guild_id=self._guild_id)
        return [from_row(WindowEvent, row, shown=from_row(EventShown, row)) for row in rows]

    async def add(self, plan_id: int, shown: EventShown) -> WindowEvent | None:
        """Record that Discord is about to be asked for an event; None if another process asks."""
        row = await self._sql.first("add_window_event", shown, guild_id=self._guild_id, plan_id=plan_id)
        return None if row is None else WindowEvent(row["id"], plan_id, None, shown)

    async def save(self, event: WindowEvent) -> None:
        """Record what an event is to show, and which it is."""
        await self._sql.all(
            "save_window_event", event.shown, id=event.id, plan_id=event.plan_id, event_id=event.event_id
        )

    async def forget(self, event: WindowEvent) -> None:
        """Forget an event that is over."""
        await self._sql.all("forget_window_event", id=event.id)

    async def note(self, code: int) -> datetime | None:
        """Record a refusal; return when, or None if it is known."""
        row = await self._sql.first("note_event_problem", guild_id=self._guild_id, code=code)
        return None if row is None else row["told_at"]

    async def forget_problems(self, *, standing: Iterable[int]) -> None:
        """Forget the refusals that are gone."""
        await self._sql.all("forget_event_problems", guild_id=self._guild_id, codes=list(standing))


async def open_windows(sql: Sql, guild_id: int) -> list[AlertWindow]:
    """Return the windows of a guild that hold alerts now."""
    return await Windows(sql).open(guild_id)


def _window(row: Row) -> AlertWindow:
    return from_row(AlertWindow, row)


def _plan(row: Row) -> MaintenancePlan:
    return from_row(MaintenancePlan, row)
