"""The demo as the tests of its page have it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.process import Child
from bot.demo.running_demo import RunningDemo, running_demo
from bot.demo.setup import set_up
from tests import warm


@pytest.fixture
async def demo(
    request: pytest.FixtureRequest, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RunningDemo]:
    """The demo with its page, its programs forked."""
    monkeypatch.setattr(Child, "start", warm.start)
    setup = set_up({}, lang=request.param)
    async with running_demo(database_url, folder=tmp_path, setup=setup, leaps=True) as ready:
        yield ready
