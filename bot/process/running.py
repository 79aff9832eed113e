"""The tasks that the running bot does concurrently, and the order in which it stops them.

No pending work lives only in this process: if it dies, the database rows say what is left to do.
"""

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog

from bot.capability import Tick as CapabilityTick
from bot.capability import installed
from bot.client import IncidentBot
from bot.doctor.guild import look_around
from bot.process.keeper import AwayWatch, DeafWatch, ShardKeeper
from bot.process.starting import log_in_patiently
from bot.process.ticks import (
    AUDIT_S,
    DATABASE_S,
    GATEWAY_S,
    HEARTBEAT_S,
    ONCALL_S,
    RECONCILE_S,
    TIDY_S,
    Tick,
    Ticks,
)
from bot.services.outage.emergency import LOOK_S
from bot.services.ports import DlqStore
from bot.services.registry import Services
from bot.services.watchdogs import DeadMan
from bot.storage.database.warming import WARM_S
from bot.storage.queue.runner import JobRunner
from bot.ui.discord_api.circuit import Circuit

log = structlog.get_logger(__name__)

_EVERYBODY: Final = 10_000  # guilds
_LOGIN_S: Final = 5.0  # the jobs do not wait longer for Discord: what cannot be posted goes out by email
_DRAIN_S: Final = 3.5  # the runner interrupts its handlers after three
_LEAVE_S: Final = 1.0
_LOOK_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class RunningBot:
    """The bot from start to stop: its gateway, its jobs and its ticks.

    Attributes:
        audit: Gives lost work its job again.
        can_email: Email is set up.
        keep_up: Maintains the database, if that is the bot's task.
        warm: Has statements parsed before they are needed.
        tidy: Deletes rows that are too old to be of use.
        dead_man: Sends a heartbeat to an outside monitor.
        circuit: Knows whether Discord answers.
        deaf: Knows whether the gateway still delivers events.
        prepare: Waits for a database that was away at the start; None when it was there.
    """

    client: IncidentBot
    audit: Tick
    runner: JobRunner
    keeper: ShardKeeper
    dlq: DlqStore
    can_email: bool
    keep_up: Tick
    warm: Tick
    tidy: Tick
    circuit: Circuit
    deaf: DeafWatch
    dead_man: DeadMan | None = None
    prepare: Tick | None = None

    async def run(self, token: str) -> None:
        """Do everything until a signal asks to stop.

        Raises:
            ConfigError: Discord refuses the token, the intents or the number of shards.
        """
        ticks, tried = Ticks(), asyncio.Event()
        with _stop_requested() as stop:
            gateway = asyncio.create_task(self._gateway(token, tried, ticks), name="gateway")
            work = asyncio.create_task(self._work(ticks, tried), name="work")
            try:
                tasks: set[asyncio.Task[object]] = {gateway, work}
                tasks.add(asyncio.create_task(stop.wait(), name="stop"))
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                if not tried.is_set():
                    work.cancel()  # it waits for a login that has failed
                await self._stop(ticks, gateway, work)

    async def _gateway(self, token: str, tried: asyncio.Event, ticks: Ticks) -> None:
        await log_in_patiently(self.client, token, tried=tried)
        self.client.spawn(self._announce(ticks), name="announce")
        await self.keeper.run()

    async def _work(self, ticks: Ticks, tried: asyncio.Event) -> None:
        """Run jobs and ticks; they need Discord's HTTP side at most, and a database that comes back."""
        ticks.start()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOGIN_S):
                await tried.wait()
        # All at once: they share one write, and a database that hangs would cost each turn two seconds.
        tick = partial(self.client.served.each, self._look_at_database, at_a_time=_EVERYBODY)
        ticks.every(LOOK_S, tick, name="emergency")
        if self.prepare is not None:
            await self.prepare()
        self._add(ticks)
        await self.runner.run()

    async def _look_at_database(self, guild: Services) -> None:
        """Look whether the database answers, and note that alerts are missed while it does not."""
        await guild.emergency.tick()
        if guild.emergency.trouble is not None:
            guild.missed_alerts.expect()

    def _add(self, ticks: Ticks) -> None:
        each = self._each
        ticks.every(AUDIT_S, self.audit, name="auditor")
        reconcile = each(lambda guild: guild.reconciler.reconcile_some())
        ticks.every(RECONCILE_S, self._once(reconcile), name="reconciliation")
        ticks.every(RECONCILE_S, self._once(each(_catch_up)), name="missed alerts")
        ticks.every(LOOK_S, self._once(each(_catch_up_if_expected)), name="alerts of an outage")
        ticks.every(ONCALL_S, each(lambda guild: guild.oncall.holders(guild.guild_id)), name="on call")
        for capability in installed():
            for tick in capability.ticks:
                self._add_own(ticks, capability.name, tick)
        ticks.every(DATABASE_S, self.keep_up, name="database")
        ticks.every(WARM_S, self.warm, name="statements")
        ticks.every(TIDY_S, self._once(self.tidy), name="old rows")
        ticks.every(GATEWAY_S, AwayWatch(self.keeper, self.circuit).look, name="gateway")
        ticks.every(GATEWAY_S, self.deaf.look, name="deaf gateway")

    def _add_own(self, ticks: Ticks, capability: str, tick: CapabilityTick) -> None:
        """Add a tick of a capability, for the guilds that have it."""
        work = self._each(_of_guild(capability, tick))
        if tick.by_leader:
            work = self._once(work)
        if tick.every_s is None:
            ticks.each_minute(work, name=tick.name)
        else:
            ticks.every(tick.every_s, work, name=tick.name)

    def _each(self, work: Callable[[Services], Awaitable[object]]) -> Tick:
        """Return a tick that does *work* for every guild."""
        return partial(self.client.served.each, work)

    def _once(self, tick: Tick) -> Tick:
        """Return a tick that only the leader runs: it asks others, for whom one process is enough."""

        async def run() -> None:
            if self.keeper.leads:
                await tick()

        return run

    async def _announce(self, ticks: Ticks) -> None:
        """Log when everything is ready, begin the heartbeat, then run the start-up checks."""
        # Neither offers an event to wait for.
        while not self.runner.healthy or self.keeper.trouble():  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_S)
        if self.keeper.leads:  # from here on no alert is missed, even if the session ends
            await self.client.served.each(_catch_up)
        freeze_startup_objects()
        shards = [shard.id for shard in self.keeper.held]
        log.info("bot.ready", guilds=len(self.client.served), user=str(self.client.user), shards=shards)
        if self.dead_man is not None:
            ticks.every(HEARTBEAT_S, self._once(self._beat), name="heartbeat")
        if self.keeper.leads:
            for name, tick in ((one.name, tick) for one in installed() for tick in one.ticks):
                if tick.when_ready:
                    self.client.for_each_guild(_of_guild(name, tick), name=tick.name)
        await look_around(self.client, dlq=self.dlq, mails=self.can_email)

    async def _beat(self) -> None:
        """Send a heartbeat; in it, report a gateway that receives no events: `/sev1` does not arrive then."""
        assert self.dead_man is not None
        await self.dead_man.beat(trouble=self.deaf.trouble)

    async def _stop(self, ticks: Ticks, gateway: asyncio.Task[None], work: asyncio.Task[None]) -> None:
        """Give the shards to a standby first, and let running jobs finish while Discord can be reached."""
        log.info("bot.stopping")
        ticks.stop()
        self.runner.stop()
        shards_released = asyncio.create_task(self.keeper.stop(), name="release shards")
        leave = self.client.served.each(lambda guild: guild.emergency.leave())
        left = asyncio.create_task(leave, name="leave")
        await asyncio.wait({work, shards_released, left}, timeout=_DRAIN_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(_LEAVE_S):
                await self.client.close()
        for task in (gateway, work, shards_released, left):
            task.cancel()
        await asyncio.gather(gateway, work, shards_released, left, return_exceptions=True)
        log.info("bot.stopped")


def freeze_startup_objects() -> None:
    """Take all objects so far out of the garbage collection, since they stay until the end.

    That takes a twentieth of a second and more each time, in which the bot answers no one.
    """
    gc.collect()
    gc.freeze()


async def _catch_up(services: Services) -> None:
    await services.missed_alerts.catch_up(services.guild_id)


async def _catch_up_if_expected(services: Services) -> None:
    await services.missed_alerts.catch_up_if_expected(services.guild_id)


def _of_guild(capability: str, tick: CapabilityTick) -> Callable[[Services], Awaitable[None]]:
    """Return what a tick of a capability does for a guild, if the guild has it."""

    async def run(guild: Services) -> None:
        if (use_cases := guild.built.get(capability)) is not None:
            await tick.run(use_cases)

    return run


@contextmanager
def _stop_requested() -> Iterator[asyncio.Event]:
    """Give an event that SIGTERM and SIGINT set; in a running loop, in the main thread."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
