"""Read people's calendar files when they change, and keep their events as absences."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from bot.domain.delivery.delivery import NewDelivery
from bot.domain.oncall.absences import TimeAway
from bot.domain.oncall.people import OnCallPerson
from bot.integrations.calendars import CalendarWorker, UnusableCalendar
from bot.runbook.model import Policy
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.transaction import Transaction
from cogs.absence.policy import channel_of
from cogs.absence.rules import (
    BIGGEST,
    LONGEST,
    MOST_EVENTS,
    AbsenceDelivery,
    AbsenceRules,
    CalendarData,
    CalendarProblem,
    busy_times,
    show_job,
)
from cogs.absence.store import Absences

log = structlog.get_logger(__name__)

#: How far ahead of now a file is read.
_AHEAD: Final = timedelta(days=180)

#: How often a file is read that does not change: recurring events come nearer.
_AGAIN: Final = timedelta(days=1)


class UnusableFile(Exception):
    """A person's calendar file cannot be used.

    Attributes:
        size: In bytes, where that is known.
    """

    def __init__(self, problem: CalendarProblem, size: int = 0) -> None:
        super().__init__(problem)
        self.problem = problem
        self.size = size


class AbsenceCalendars:
    """Keeps the absences of a guild in step with the calendar files that its policy names."""

    def __init__(self, store: Store, policy: Policy, guild_id: int) -> None:
        self._store = store
        self._policy = policy
        self._rules = policy.of(AbsenceRules)
        self._guild_id = guild_id

    async def look(self) -> None:
        """Read the files that have changed, and end the absences of files that the policy no longer names."""
        known = await Absences(self._store.sql).calendars(self._guild_id)
        if not known.keys() <= self._rules.calendars.keys():
            await self._forget()
        if not self._rules.calendars:
            return
        now = await self._store.now()
        for handle, file in self._rules.calendars.items():
            seen = await asyncio.to_thread(_seen, self._rules.folder / file, self._policy.timezone.key)
            before = known.get(handle)
            if before is None or before.seen != seen or now - before.read_at >= _AGAIN:
                await self._read(handle, seen, now)

    async def _forget(self) -> None:
        async with self._store.transaction() as tx:
            for gone in await Absences(tx.sql).lock_open_ones(self._guild_id):
                if gone.calendar is not None and gone.calendar not in self._rules.calendars:
                    await self._end(tx, gone)
            await Absences(tx.sql).forget_calendars(self._guild_id, list(self._rules.calendars))

    async def _read(self, handle: str, seen: str, now: datetime) -> None:
        path = self._rules.folder / self._rules.calendars[handle]
        try:
            found = await read_file(path, self._policy, now=now)
        except UnusableFile as error:
            await self._refuse(handle, seen, error)
            return
        async with self._store.transaction() as tx:
            await Absences(tx.sql).lock_calendar(self._guild_id, handle)
            await self._replace(tx, handle, found)
            await Absences(tx.sql).keep_calendar(self._guild_id, handle, seen=seen)
        log.info("absence.calendar_read", file=self._rules.calendars[handle], absences=len(found))

    async def _refuse(self, handle: str, seen: str, error: UnusableFile) -> None:
        """Keep the absences as they are, and tell the team once why the file is not used."""
        file = self._rules.calendars[handle]
        async with self._store.transaction() as tx:
            before = await Absences(tx.sql).lock_calendar(self._guild_id, handle)
            await Absences(tx.sql).keep_calendar(self._guild_id, handle, seen=seen, problem=error.problem)
            if before.problem == error.problem:
                return
            at = int((await tx.now()).timestamp() * 1000)
            data = CalendarData(handle=handle, file=file, problem=error.problem, size=error.size)
            post = NewDelivery(
                AbsenceDelivery.AWAY_CALENDAR,
                f"channel:{channel_of(self._policy)}",
                f"away_calendar:{self._guild_id}:{handle}:{at}",
                self._guild_id,
                data=data.to_json(),
            )
            await DeliveryWrites(tx.sql).insert_deliveries([post])
        log.warning("absence.calendar_unusable", file=file, reason=error.problem.value)

    async def _replace(self, tx: Transaction, handle: str, found: Sequence[TimeAway]) -> None:
        """Keep what is the same or has grown, add what is new, and end what is gone."""
        own, person = Absences(tx.sql), self._policy.team.get(handle)
        who = (person or OnCallPerson(handle, handle)).who
        file = self._rules.calendars[handle]
        before = [one for one in await own.lock_open_ones(self._guild_id) if one.calendar == handle]
        for one in found:
            new = replace(one, who=who, calendar=handle, by_name=file)
            kept = next((old for old in before if new.starts <= old.starts and old.ends <= new.ends), None)
            if kept is None:
                await own.add_from_calendar(self._guild_id, new)
            else:
                before.remove(kept)
                await own.update(kept.id, new)
        for gone in before:
            await self._end(tx, gone)

    async def _end(self, tx: Transaction, gone: TimeAway) -> None:
        for shift in await Absences(tx.sql).end(gone.id, by_name=gone.by_name):
            await tx.enqueue(show_job(self._guild_id, shift))


async def read_file(path: Path, policy: Policy, *, now: datetime) -> list[TimeAway]:
    """Return the times of a calendar file in which its person is busy, and which are not over.

    Raises:
        UnusableFile: it cannot be read, is too big, or no iCalendar.
    """
    data = await asyncio.to_thread(_content, path)
    try:
        events = await CalendarWorker(policy.timezone.key).read(
            data, start=now - LONGEST, end=now + _AHEAD, most=MOST_EVENTS + 1
        )
    except UnusableCalendar as error:
        problem = CalendarProblem.SLOW if error.is_slow else CalendarProblem.UNREADABLE
        raise UnusableFile(problem, len(data)) from None
    if len(events) > MOST_EVENTS:
        raise UnusableFile(CalendarProblem.TOO_MANY, len(data))
    busy = (
        (each.starts, each.ends, "" if each.is_private else each.summary)
        for each in events
        if not each.is_free
    )
    return [one for one in busy_times(busy) if one.ends > now]


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > BIGGEST:
            raise UnusableFile(CalendarProblem.TOO_BIG, size)
        return path.read_bytes()
    except OSError:
        raise UnusableFile(CalendarProblem.MISSING) from None


def _seen(path: Path, timezone: str) -> str:
    """Return what changes with the file, or with how it is read."""
    try:
        now = path.stat()
    except OSError:
        return f"{path} {timezone}"
    return f"{path} {timezone} {now.st_size} {now.st_mtime_ns}"
