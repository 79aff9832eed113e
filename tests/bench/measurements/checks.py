"""Live checks of ten systems, one of which hangs: how long they take, and how long the loop stalls."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final, TypeVar

import httpx

from bot.domain.systems import HttpTarget, SystemState
from bot.integrations.outbound.call import AllowedPlaces
from bot.integrations.outbound.http import OutboundHttp
from bot.integrations.systems.http_probe import HttpProbe
from bot.integrations.systems.vendors import (
    CloudflareAccount,
    CloudflarePages,
    CloudflareWorker,
    DiscordStatus,
    GitHubActions,
    SentryIssues,
)
from bot.services.ports.systems import LiveCheck
from bot.storage.database.sql import queries
from bot.storage.database.vitals import DatabaseVitals
from cogs.checks.systems import results_in_steps
from tests.bench.figures import Figures, Limit, Row
from tests.bench.servers.apart import served_apart
from tests.integration.outbound.upstream import Behaviour, says, upstream
from tests.standins.cloudflare.server import ACCOUNT, running_cloudflare
from tests.standins.cloudflare.server import TOKEN as CLOUDFLARE_TOKEN
from tests.standins.github.actions import Run
from tests.standins.github.server import TOKEN as GITHUB_TOKEN
from tests.standins.github.server import running_github
from tests.standins.sentry.server import ORGANIZATION, running_sentry
from tests.standins.sentry.server import TOKEN as SENTRY_TOKEN

_Value = TypeVar("_Value")

_ROUNDS: Final = 5
_STEP_S: Final = 0.001
_AT: Final = "2026-11-28T09:00:00Z"
_CALM: Final = b'{"status": {"indicator": "none", "description": "All Systems Operational"}, "incidents": []}'
_TEN_SECONDS: Final = Limit(worst_ms=10_000)
_STALL: Final = Limit(worst_ms=50)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the stand-ins are. Attributes: hanging: Takes a request, and never answers."""

    github: str
    repository: str
    cloudflare: str
    sentry: str
    status: str
    targets: tuple[str, ...]
    hanging: str


async def rows(dsn: str) -> list[Row]:
    """Check several times, beside a bare client that asks the healthy ones, and a loop that does nothing."""
    with served_apart(_serving) as places:
        queries()  # the running bot has read its statements
        checks = _checks(places, dsn)
        everything, healthy, stalls = [], [], []
        for _ in range(_ROUNDS):
            (all_s, healthy_s), longest_s = await watched(lambda: _round(checks))
            everything.append(all_s)
            healthy.append(healthy_s)
            stalls.append(longest_s)
        bare = [await _bare(places) for _ in range(_ROUNDS)]
        idle = [(await watched(lambda: asyncio.sleep(max(everything))))[1] for _ in range(2)]
    return [
        Row("10 systems, one hangs → all results", Figures.of(everything), limit=_TEN_SECONDS, goal="< 10 s"),
        Row(
            "10 systems, one hangs → the results of the other nine",
            Figures.of(healthy),
            Figures.of(bare),
            "a bare HTTP client with one connection each asks the eight that speak HTTP, side by side",
        ),
        Row(
            "10 systems, one hangs: the loop's longest stall",
            Figures.of(stalls),
            Figures.of(idle),
            "the same loop with nothing to do",
            _STALL,
            "< 50 ms",
        ),
    ]


async def _round(checks: Sequence[LiveCheck]) -> tuple[float, float]:
    """Return the seconds until all results, and until those of all but one."""
    begun, healthy_s, count = time.perf_counter(), 0.0, 0
    states = []
    async for step in results_in_steps(checks, every_s=0.0):
        count += len(step)
        states += [each.state for each in step]
        if count == len(checks) - 1:
            healthy_s = time.perf_counter() - begun
    assert sorted(states).count(SystemState.DOWN) == 1, states
    return time.perf_counter() - begun, healthy_s


async def watched(work: Callable[[], Awaitable[_Value]]) -> tuple[_Value, float]:
    """Return what *work* returns, and the loop's longest stall meanwhile, seconds."""
    longest_s, is_over = 0.0, False

    async def watch() -> None:
        nonlocal longest_s
        while not is_over:
            before = time.perf_counter()
            await asyncio.sleep(_STEP_S)
            longest_s = max(longest_s, time.perf_counter() - before - _STEP_S)

    watching = asyncio.create_task(watch())
    result = await work()
    is_over = True
    await watching
    return result, longest_s


async def _bare(places: _Places) -> float:
    urls = [places.github, places.cloudflare, places.cloudflare, places.sentry, places.status]
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
            for _ in range(len(urls) + len(places.targets))
        ]
        begun = time.perf_counter()
        asked = zip(clients, [*urls, *places.targets], strict=True)
        await asyncio.gather(*(client.get(url) for client, url in asked))
        return time.perf_counter() - begun


def _checks(places: _Places, dsn: str) -> list[LiveCheck]:
    http = OutboundHttp(allowed=AllowedPlaces.parse("127.0.0.1"))
    account = CloudflareAccount(http, places.cloudflare, ACCOUNT, CLOUDFLARE_TOKEN)
    return [
        *(HttpProbe(http, f"target-{n}", HttpTarget(url)) for n, url in enumerate(places.targets)),
        HttpProbe(http, "hanging", HttpTarget(places.hanging)),
        CloudflareWorker(account, "parky-admin"),
        CloudflarePages(account, "lp"),
        GitHubActions(http, places.github, GITHUB_TOKEN, places.repository),
        DatabaseVitals(dsn),
        SentryIssues(http, places.sentry, SENTRY_TOKEN, ORGANIZATION),
        DiscordStatus(http, places.status),
    ]


async def _serving(pipe: Connection) -> None:
    async with AsyncExitStack() as stack:
        github = await stack.enter_async_context(running_github())
        github.runs = [Run(1, "deploy")]
        cloudflare = await stack.enter_async_context(running_cloudflare())
        cloudflare.deploy_worker("parky-admin", at=_AT)
        cloudflare.deploy_pages("lp", at=_AT)
        sentry = await stack.enter_async_context(running_sentry())
        status = await stack.enter_async_context(_upstream_url(says(200, _CALM)))
        targets = [await stack.enter_async_context(_upstream_url(says(200))) for _ in range(3)]
        hanging = await stack.enter_async_context(_upstream_url(_hang))
        name = github.repository.full_name
        pipe.send(_Places(github.url, name, cloudflare.url, sentry.url, status, tuple(targets), hanging))
        await asyncio.to_thread(pipe.recv)
        github.exchanges.clear()  # what the bare client asks is none of GitHub's


@asynccontextmanager
async def _upstream_url(behaviour: Behaviour) -> AsyncIterator[str]:
    async with upstream(behaviour) as there:
        yield f"http://127.0.0.1:{there.port}"


async def _hang(_nth: int, _writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()
