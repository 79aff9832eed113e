"""200 targets, each asked every 30 s: how late, how long the loop stalls, how much of a core it takes."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from multiprocessing.connection import Connection
from typing import Any, Final, cast

from bot.domain.systems import CheckResult, HttpTarget
from bot.i18n import Texts
from bot.integrations.outbound.http import OutboundHttp
from bot.process.ticks import Ticks
from bot.runbook import load_policy
from bot.storage.database.pools import open_pool
from bot.storage.database.sql import queries
from bot.storage.store import Store
from cogs.probes.posts import ProbeTitles
from cogs.probes.rules import ProbeRules, Probes
from cogs.probes.use_cases import HttpProber, Probing
from tests.bench.figures import Figures, Limit, Row
from tests.bench.measurements.checks import watched
from tests.bench.servers.apart import served_apart
from tests.integration.outbound.upstream import says, upstream

_TARGETS: Final = 200
_EVERY: Final = timedelta(seconds=30)
_FOR_S: Final = 60.0
_GUILD: Final = 1
_TICK_S: Final = 0.5
_LATE: Final = Limit(p99_ms=1_000)
_STALL: Final = Limit(worst_ms=50)
_CORE: Final = Limit(worst_ms=25)


@dataclass(slots=True)
class _Noting:
    """A prober that notes when each target is asked, seconds since 1970."""

    inner: HttpProber
    asked: list[tuple[str, float]] = field(default_factory=list)

    async def ask(self, rules: ProbeRules) -> CheckResult:
        self.asked.append((rules.name, time.time()))
        return await self.inner.ask(rules)


@cache
def _client() -> OutboundHttp:
    return OutboundHttp()


async def rows(dsn: str) -> list[Row]:
    """Probe for two intervals, on the loop of this process, as the running bot does."""
    queries()  # the running bot has read its statements
    with served_apart(_serving) as url:
        noting = _Noting(HttpProber(_client))
        pool = await open_pool(dsn)
        try:
            cpu_s, stall_s, due = await _probed(Store(pool).of(_GUILD), noting, url)
        finally:
            await pool.close()
    idle = (await watched(lambda: asyncio.sleep(_FOR_S / 6)))[1]
    interval = _EVERY.total_seconds()
    late = [(at - due[name]) % interval for name, at in noting.asked]
    load = f"{_TARGETS} probes, each every {interval:.0f} s"
    assert len(late) >= _TARGETS * (_FOR_S / interval - 1), len(late)
    return [
        Row(f"{load}: due → asked", Figures.of(late), limit=_LATE, goal="p99 < 1 s"),
        Row(
            f"{load}: the loop's longest stall",
            Figures.of([stall_s]),
            Figures.of([idle]),
            "the same loop with nothing to do",
            _STALL,
            "< 50 ms",
        ),
        Row(
            f"{load}: of one core",
            Figures.plain([100 * cpu_s / _FOR_S]),
            limit=_CORE,
            goal="< 25 %",
            unit="%",
        ),
    ]


async def _probed(store: Store, noting: _Noting, url: str) -> tuple[float, float, dict[str, float]]:
    """Return the CPU's seconds, the loop's longest stall, and a moment at which each probe was due."""
    names = [f"target-{number}" for number in range(_TARGETS)]
    probes = {
        name: ProbeRules(name, name, HttpTarget(url, is_private=True), "SEV1", every=_EVERY) for name in names
    }
    policy = load_policy(None).with_rules(Probes(probes))
    titles = ProbeTitles(Texts.load(), policy)
    # No target fails, so no alert is tracked.
    probing = Probing(store, policy, cast("Any", None), prober=noting, titles=titles, guild_id=_GUILD)
    before = (await store.now()).timestamp()
    await probing.tick()
    due = {name: before + rules.phase.total_seconds() for name, rules in probes.items()}
    await noting.inner.ask(next(iter(probes.values())))  # it has read the certificates from here on
    ticks = Ticks()
    ticks.every(_TICK_S, probing.tick, name="probes")
    cpu_s = time.process_time()
    ticks.start()
    _, stall_s = await watched(lambda: asyncio.sleep(_FOR_S))
    cpu_s = time.process_time() - cpu_s
    ticks.stop()
    await probing.drain()
    return cpu_s, stall_s, due


async def _serving(pipe: Connection) -> None:
    async with upstream(says(200)) as there:
        pipe.send(f"http://127.0.0.1:{there.port}/health")
        await asyncio.to_thread(pipe.recv)
