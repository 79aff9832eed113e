"""What the demo adds to the local Discord's page, and does when it is pressed."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Final, Protocol

import aiohttp
import asyncpg
import httpx

from bot.demo import clock, labels
from bot.demo.clock import DIGEST, ClockStop, digest_after, next_deadline, next_stop
from bot.demo.labels import ControlPress, DemoRefused
from bot.demo.running_demo import RunningDemo
from bot.demo.scenes import SceneGroup
from bot.demo.story.cast import ADMIN
from bot.demo.vendors import MUTED, MonitorAlerts, channel_of, dated, read_monitors
from local_discord.client import JSON, HumanSideError, NotSeen

_LOOK_S: Final = 1.0  # how often the next deadline is looked up, between presses
_TROUBLES: Final = (
    HumanSideError,
    aiohttp.ClientError,
    httpx.HTTPError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    OSError,
)
_MAINTENANCE: Final = "maintenance"  # the capability of /mute
_NEXT, _DIGEST = "clock.next", "clock.digest"
_SPANS: Final = {
    "clock.1m": timedelta(minutes=1),
    "clock.15m": timedelta(minutes=15),
    "clock.1h": timedelta(hours=1),
}


class ControlGroup(Protocol):
    """One button of the page, with a menu behind it."""

    async def offer(self) -> JSON:
        """Return the group's controls as the panel shows them now."""

    async def do(self, press: ControlPress) -> JSON | None:
        """Do what is pressed, if it is one of these controls; return what to show: {channel, message}.

        Raises:
            DemoRefused: It cannot be done.
        """


class ClockGroup:
    """One clock: bot, database and local Discord move together."""

    def __init__(self, demo: RunningDemo) -> None:
        self._demo = demo
        self._policy = demo.setup.policy

    async def offer(self) -> JSON:
        """Return the spans, and the two moments, with the time that each leads to."""
        now, zone = await self._now(), self._policy.timezone
        deadline = await next_deadline(self._demo.connection, self._policy)
        digest = digest_after(now, self._policy)
        spans = [{"id": key, "label": labels.of_span(span)} for key, span in _SPANS.items()]
        controls: list[JSON] = [*spans]
        if deadline is not None:
            detail = labels.of_deadline(deadline, zone, now=now)
            controls.insert(0, {"id": _NEXT, "label": labels.NEXT, "detail": detail})
        if digest is not None:
            detail = labels.of_moment(digest, zone, now=now)
            controls.append({"id": _DIGEST, "label": labels.of_hour(digest, zone), "detail": detail})
        return {"id": "clock", "icon": "forward", "label": labels.CLOCK, "controls": controls}

    async def do(self, press: ControlPress) -> JSON | None:
        """Move the demo's clock to the time that the pressed control stands for."""
        now = await self._now()
        await self._move(press.id, now, await self._goal(press.control, now))
        return None

    async def move_on(self, press_id: str, span: timedelta) -> None:
        """Move the demo's clock on by *span*, and say on the page how that goes."""
        now = await self._now()
        await self._move(press_id, now, now + span)

    async def _move(self, press_id: str, now: datetime, goal: datetime) -> None:
        zone = self._policy.timezone

        async def tell(to: datetime) -> bool:
            says = labels.of_time_travel(to, zone, since=now, goal=goal)
            way = {"progress": (to - now) / max(goal - now, _SLACK), "may_stop": True}
            return await self._demo.human.tell_press(press_id, says=says, **way)

        try:
            if not await pass_time(self._demo, goal, tell):
                raise DemoRefused(labels.STOPPED)
        except NotSeen:
            raise DemoRefused(labels.BUSY) from None

    async def _goal(self, control: str, now: datetime) -> datetime:
        if control == _NEXT:
            deadline = await next_deadline(self._demo.connection, self._policy)
            return now if deadline is None else deadline.at
        return digest_after(now, self._policy) or now if control == _DIGEST else now + _SPANS[control]

    async def _now(self) -> datetime:
        now: datetime = await self._demo.connection.fetchval("SELECT now()")
        return now


class Controls:
    """Shows groups of controls on the page, and does what is pressed, one press at a time.

    Args:
        groups: By what the ids of their controls begin with, up to the dot.
    """

    def __init__(self, demo: RunningDemo, groups: Mapping[str, ControlGroup]) -> None:
        self._human = demo.human
        self._groups = groups
        self._offered: list[JSON] = []

    async def serve(self) -> None:
        """Go on until cancelled."""
        while True:
            try:
                if pressed := await self._human.next_press(within_s=_LOOK_S):
                    await self._answer(
                        ControlPress(*(str(pressed[key]) for key in ("id", "control", "user")))
                    )
                await self.offer()
            except _TROUBLES:
                await asyncio.sleep(_LOOK_S)  # the local Discord or the database has a moment of its own

    async def offer(self) -> None:
        """Show the groups as they are now, if that is new."""
        groups = [await group.offer() for group in self._groups.values()]
        if groups != self._offered:
            await self._human.offer(groups)
            self._offered = groups

    async def _answer(self, press: ControlPress) -> None:
        try:
            show = await self._groups[press.control.partition(".")[0]].do(press)
            await self.offer()
        except DemoRefused as refusal:
            await self._human.tell_press(press.id, refused=refusal.text)
        except _TROUBLES:
            await self._human.tell_press(press.id, refused=labels.FAILED)
        else:
            await self._human.tell_press(press.id, done=True, **({"show": show} if show else {}))


@asynccontextmanager
async def served_controls(demo: RunningDemo) -> AsyncIterator[None]:
    """Serve the demo's controls for the block."""
    clocks = ClockGroup(demo)
    groups: dict[str, ControlGroup] = {"clock": clocks, "monitor": MonitorGroup(demo)}
    if not demo.setup.own_file:  # whose policy has none of the systems that the scenes are about
        groups["scene"] = SceneGroup(demo, clocks.move_on)
    controls = Controls(demo, groups)
    await controls.offer()  # before anybody sees the page without them
    serving = asyncio.create_task(controls.serve(), name="controls")
    try:
        yield
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError, *_TROUBLES):
            await serving


class MonitorGroup:
    """The page's button for alerts of monitors."""

    def __init__(self, demo: RunningDemo) -> None:
        self._demo = demo
        self._alerts = MonitorAlerts(read_monitors(demo.setup.language))

    async def offer(self) -> JSON:
        """Return the choices, each with a sentence about what it shows."""
        controls = [
            {"id": f"monitor.{choice}", "label": label, "hint": hint}
            for choice, (label, hint) in labels.ALERTS.items()
            if choice != MUTED or _MAINTENANCE not in self._demo.setup.policy.off
        ]
        return {"id": "monitor", "icon": "bell", "label": labels.MONITORS, "controls": controls}

    async def do(self, press: ControlPress) -> JSON | None:
        """Post the alert by the webhook of the monitor's channel, and show it."""
        choice = press.control.partition(".")[2]
        alert, state = self._alerts.following(choice)
        monitor = alert.monitor
        if choice == MUTED and monitor.target is not None:
            await self._mute(monitor.target)
        epoch_s = int(await self._demo.connection.fetchval("SELECT extract(epoch FROM now())"))
        channel = channel_of(self._demo.setup.policy, monitor.watched)
        url = await self._demo.human.webhook_url(channel, monitor.sender)
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(f"{url}?wait=true", json=dated(alert.body(state), epoch_s))
        posted = answer.raise_for_status().json()
        self._alerts.note(choice, alert, state)
        return {"channel": posted["channel_id"], "message": posted["id"]}

    async def _mute(self, target: str) -> None:
        """Put *target* under maintenance for an hour, as the admin would.

        Raises:
            DemoRefused: The bot did not answer, or there is no window afterwards.
        """
        answer = await self._demo.human.command(
            ADMIN, "general", "mute start", {"target": target, "until": "1h"}
        )
        if target not in answer.text:
            raise DemoRefused(labels.UNMUTED)


Tell = Callable[[datetime], Awaitable[bool]]

_PATIENCE_S: Final = 600.0  # the way to Monday takes a minute or two; the next press goes on from there
_WORK_S: Final = 60.0  # of work that fell due at once, on a busy machine
_LOOK_AT_HOUR_S: Final = 4.0  # it looks at its clock every second
_SLACK: Final = timedelta(seconds=1)  # a job that wakes up a moment early looks again
_EDITS: Final = 6  # rounds of edits that follow each other


async def pass_time(demo: RunningDemo, until: datetime, tell: Tell) -> bool:
    """Move bot, database and local Discord to *until*.

    Args:
        tell: Told where the clock goes, before each step; returns True to stop there.

    Returns:
        False when it was stopped, or took too long, before *until*.

    Raises:
        NotSeen: The bot does not come to rest.
    """
    began_s = time.monotonic()
    while True:
        await _done(demo)
        if (now := await _now(demo)) >= until:
            break
        if time.monotonic() - began_s > _PATIENCE_S:
            return False
        stop = await next_stop(demo.connection, demo.setup.policy)
        to = (until if stop is None else min(stop.at, until)) + _SLACK
        if await tell(to):
            return False
        if await clock.is_working(demo.connection):
            continue  # what has begun meanwhile may bring a nearer stop
        await demo.move(to - now)
        if stop is not None and stop.is_hour and stop.at <= until:
            await _looked(demo, stop)
    await _edited(demo)
    return True


async def _now(demo: RunningDemo) -> datetime:
    now: datetime = await demo.connection.fetchval("SELECT now()")
    return now


async def _done(demo: RunningDemo) -> None:
    """Wait until nothing runs or is due: a job in flight would look abandoned, and run a second time."""

    async def idle() -> bool:
        return not await clock.is_working(demo.connection)

    await demo.until(idle, "the bot at rest", within_s=_WORK_S)


async def _looked(demo: RunningDemo, hour: ClockStop) -> None:
    """Wait until the bot has seen that it is the hour. Some hours are none of its business."""
    zone = demo.setup.policy.timezone
    morning = None if hour.kind == DIGEST else hour.at.astimezone(zone).date()

    async def look() -> bool:
        return await clock.is_looked_at(demo.connection, hour.at, morning=morning)

    with suppress(NotSeen):
        await demo.until(look, "the hour", within_s=_LOOK_AT_HOUR_S)


async def _edited(demo: RunningDemo) -> None:
    """Let the seconds pass for which the last edits wait."""
    for _ in range(_EDITS):
        due = await clock.next_edit(demo.connection)
        if due is None:
            break
        await demo.move(max(due - await _now(demo), timedelta()))
        await _done(demo)
    with suppress(NotSeen):
        await demo.rest()  # the bot counts Discord's limits in real seconds, and edits after these
