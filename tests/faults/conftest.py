"""Fixtures of the fault matrix: stages that rows share, and the figures for the table."""

from collections.abc import AsyncIterator, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeAlias

import pytest
import pytest_asyncio

from bot.storage.embedded import EmbeddedPostgres
from tests.e2e.conftest import LIMITS_SPEED, Commands, commands
from tests.faults.matrix.table import FIGURE
from tests.faults.stage.stage import Stage, open_stage_on
from tests.postgres import temporary_database

__all__ = ["commands"]

Figure: TypeAlias = Callable[[str], None]
OpenStage: TypeAlias = Callable[..., AbstractAsyncContextManager[Stage]]

_STAGE = pytest.StashKey[Stage]()


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Figure:
    """Record a measurement for the table at the end of the run."""
    return lambda said: record_property(FIGURE, said)


@pytest.fixture(scope="module")
def open_stage(
    cluster: EmbeddedPostgres, commands: Commands, tmp_path_factory: pytest.TempPathFactory
) -> OpenStage:
    """Return a context manager that opens a stage without a bot; `env` adds settings. Judged at its end."""

    @asynccontextmanager
    async def make(
        *, dsn: str | None = None, limits_speed: float = LIMITS_SPEED, **env: str
    ) -> AsyncIterator[Stage]:
        folder = tmp_path_factory.mktemp("stage")
        async with (
            _database(cluster, dsn) as database,
            open_stage_on(
                database, commands=commands, folder=folder, limits_speed=limits_speed, **env
            ) as stage,
        ):
            try:
                yield stage
                await stage.finish()
            except BaseException as failed:
                for bot in stage.world.bots[-2:]:
                    failed.add_note(f"-- bot --\n{bot.child.last_words(40)}")
                raise

    return make


@asynccontextmanager
async def _database(cluster: EmbeddedPostgres, dsn: str | None) -> AsyncIterator[str]:
    if dsn is not None:
        yield dsn
        return
    async with temporary_database(cluster) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(open_stage: OpenStage) -> AsyncIterator[Stage]:
    """The module's stage, with a bot."""
    async with open_stage() as stage:
        await stage.world.start_bot()
        yield stage
        await stage.world.stop_bot()


@pytest_asyncio.fixture(loop_scope="module")
async def stage(shared: Stage, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """The module's stage with a healthy bot; after the row the promise is checked."""
    request.node.stash[_STAGE] = shared
    yield shared
    if not shared.world.running:
        await shared.revive()
    try:
        await shared.finish()
    finally:
        await shared.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the last log lines of the bots to a failed row's report."""
    report = yield
    if report.failed and _STAGE in item.stash:
        for bot in item.stash[_STAGE].world.bots[-2:]:
            report.sections.append(("bot", bot.child.last_words(40)))
    return report
