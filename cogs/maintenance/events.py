"""Planned maintenance in the server's own list of events, where people see it and can be reminded.

What is to be there follows from the rows of plans and windows. An event is a row before Discord is asked, and
until it is over: a process that dies in between, or an answer that is lost, leaves it to the next look, which
searches the server's list before it asks for another one.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog

from bot.domain.delivery.delivery import NewDelivery
from bot.domain.errors import DeliveryRefused
from bot.domain.server_events import EventShown, ServerEvent
from bot.services.core import Core
from bot.storage.tables.deliveries import DeliveryWrites
from cogs.maintenance.rules import (
    EventProblemData,
    EventStep,
    MaintenanceDelivery,
    MaintenancePlan,
    PlannedEvent,
    WindowEvent,
    WindowRules,
    event_steps,
)
from cogs.maintenance.store import Plans, WindowEvents, Windows

log = structlog.get_logger(__name__)

#: How often it looks at the plans, seconds.
LOOK_S: Final = 4.0
#: How often it asks Discord whether the events are still as they should be, seconds.
CHECK_S: Final = 120.0

MISSING_PERMISSIONS: Final = 50013
TOO_MANY: Final = 30038
#: The event is not there any more, or is over.
_OVER: Final = frozenset({10070, 180000})
#: Refusals that the next event would meet as well.
_OF_ALL: Final = frozenset({50001, MISSING_PERMISSIONS, TOO_MANY})


class EventKeeping:
    """Keeps the events of one guild."""

    def __init__(self, core: Core, *, channel: str) -> None:
        self._store = core.store
        self._discord = core.discord
        self._policy = core.policy
        self._texts = core.texts
        self._guild_id = core.guild_id
        self._channel = channel
        self._turn = asyncio.Lock()
        self._rests = False
        # What Discord has refused since the last check, and is not asked for again until the next one.
        self._codes: set[int] = set()
        self._refused: set[EventStep] = set()

    async def keep(self) -> None:
        """Bring the events in line with the plans; asks Discord only if one has changed.

        Raises:
            UpstreamUnavailable, StorageUnavailable: the next look does the rest.
        """
        async with self._turn:
            steps = await self._steps()
            due = [one for one in steps if one.is_due and one not in self._refused]
            if due and not self._codes & _OF_ALL:
                await self._follow(due, among=steps)

    async def check(self) -> None:
        """Compare the events with Discord's list, and mend those that somebody changed by hand.

        Raises:
            As `keep`.
        """
        async with self._turn:
            if self._rests:
                return
            self._codes.clear()
            self._refused.clear()
            if steps := await self._steps():
                await self._follow(steps, among=steps)
            async with self._store.transaction() as tx:
                await WindowEvents(tx.sql, self._guild_id).forget_problems(standing=self._codes)

    async def _steps(self) -> list[EventStep]:
        """Return what is to be with each event; nothing if the policy wants none and there is none."""
        if self._rests:
            return []
        sql, wants = self._store.sql, self._policy.of(WindowRules).events
        known = await WindowEvents(sql, self._guild_id).all()
        self._rests = not wants and not known
        if not wants:
            return [EventStep(one.plan_id, one, None) for one in known]
        plans = [self._planned(one) for one in await Plans(sql).kept(self._guild_id) if one.next_at]
        open_ones = await Windows(sql).open(self._guild_id)
        ends = {one.target.casefold(): _whole(one.ends_at) for one in open_ones}
        return event_steps(known, plans, ends, await self._store.now())

    def _planned(self, plan: MaintenancePlan) -> PlannedEvent:
        def say(key: str, **fields: str) -> str:
            return self._texts.say(self._policy.language, f"maintenance.event.{key}", **fields)

        starts_at = _whole(plan.next_at or plan.first_at)
        key = "about_reason" if plan.reason else "about"
        name, about = say("name", target=plan.target), say(key, target=plan.target, reason=plan.reason)
        shown = EventShown(
            name, about, plan.target, starts_at, plan.ends_at(starts_at, self._policy.timezone)
        )
        return PlannedEvent(plan.id, shown, plan.replaces_id)

    async def _follow(self, steps: Sequence[EventStep], *, among: Sequence[EventStep]) -> None:
        listed = {one.id: one for one in await self._discord.server_events(self._guild_id)}
        known = {one.known.event_id for one in among if one.known is not None}
        strays = [one for key, one in listed.items() if key not in known]
        for step in steps:
            try:
                await self._take(step, listed, strays)
            except DeliveryRefused as refused:
                if refused.code in _OVER:
                    continue  # it ended a moment ago: the next look sees that
                self._refused.add(step)
                await self._tell(refused.code)
                if refused.code in _OF_ALL:
                    return

    async def _take(self, step: EventStep, listed: dict[int, ServerEvent], strays: list[ServerEvent]) -> None:
        """Take one step.

        Args:
            strays: The bot's events that belong to no row: one may be that of an answer that was lost.
        """
        row = step.known
        if row is None and step.shown is not None:
            row = await self._add(step.plan_id, step.shown)
        if row is None:
            return
        same = [one for one in strays if one.shows(row.shown)]
        event = listed.get(row.event_id or 0) or next(iter(same), None)
        for stray in same:
            strays.remove(stray)
            if stray is not event:  # made twice
                await self._discord.end_event(self._guild_id, stray)
        if event is None:
            await self._make(row, step)
        else:
            await self._change(replace(row, plan_id=step.plan_id, event_id=event.id), event, step.shown)

    async def _make(self, row: WindowEvent, step: EventStep) -> None:
        """Make an event that is new or was deleted by hand; forget it if its time has come."""
        shown = step.shown
        if shown is None or shown.starts_at <= await self._store.now():
            await self._forget(row)
            return
        row = replace(row, plan_id=step.plan_id, event_id=None, shown=shown)
        await self._save(row)
        event_id = await self._discord.create_event(self._guild_id, shown)
        await self._save(replace(row, event_id=event_id))
        log.info("window_event.created", event_id=event_id, plan_id=row.plan_id)

    async def _change(self, row: WindowEvent, event: ServerEvent, shown: EventShown | None) -> None:
        if shown is None or (event.has_begun and event.shown.starts_at != shown.starts_at):
            await self._discord.end_event(self._guild_id, event)
            await self._forget(row)
            log.info("window_event.ended", event_id=event.id, plan_id=row.plan_id)
            return
        if shown != row.shown or not event.shows(shown):
            await self._discord.change_event(self._guild_id, event, shown)
            log.info("window_event.changed", event_id=event.id, plan_id=row.plan_id)
        await self._save(replace(row, shown=shown))

    async def _add(self, plan_id: int, shown: EventShown) -> WindowEvent | None:
        async with self._store.transaction() as tx:
            return await WindowEvents(tx.sql, self._guild_id).add(plan_id, shown)

    async def _save(self, row: WindowEvent) -> None:
        async with self._store.transaction() as tx:
            await WindowEvents(tx.sql, self._guild_id).save(row)

    async def _forget(self, row: WindowEvent) -> None:
        async with self._store.transaction() as tx:
            await WindowEvents(tx.sql, self._guild_id).forget(row)

    async def _tell(self, code: int) -> None:
        """Tell the team what Discord refuses, once until it is gone."""
        self._codes.add(code)
        async with self._store.transaction() as tx:
            told_at = await WindowEvents(tx.sql, self._guild_id).note(code)
            if told_at is None:
                return
            line = NewDelivery(
                MaintenanceDelivery.EVENT_PROBLEM,
                f"channel:{self._channel}",
                f"window_events:{self._guild_id}:{code}:{told_at.isoformat()}",
                self._guild_id,
                data=EventProblemData(code=code).to_json(),
            )
            await DeliveryWrites(tx.sql).insert_deliveries([line])
        log.warning("window_event.refused", code=code)


def _whole(moment: datetime) -> datetime:
    """Return a moment in whole seconds, as Discord keeps it."""
    return moment.replace(microsecond=0)
