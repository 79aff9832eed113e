"""Whatever a client sends wrongly gets Discord's own status and code: never a failure, never silence."""

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.sandbox.errors import CODES
from bot.sandbox.server import Sandbox
from tests.sandbox.description import DESCRIPTION
from tests.sandbox.fuzz.requests import Request, requests
from tests.sandbox.fuzz.stage import Stage
from tests.sandbox.oracle import validate_log, validate_requests

pytestmark = pytest.mark.skipif(not DESCRIPTION.exists(), reason="no ../shared/discord-openapi.json")
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "400"))
MANY = int(os.environ.get("FUZZ_EXAMPLES", "10000"))
SILENCED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


class Ring:
    """A sandbox and a client in an event loop of their own, for tests that are no coroutines."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self.sandbox = Sandbox()
        self.sandbox.core.limiter.enabled = False
        runner.run(self.sandbox.start())
        self._http: aiohttp.ClientSession = runner.run(self._session())
        self._stage = Stage(self.sandbox, self._http)

    async def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession()

    def fight(self, sent: list[Request], *, admin: bool, kind: int) -> list[dict[str, Any]]:
        """Send all of *sent* to a fresh stage; returns their entries of the log."""
        self._stage.reset(admin=admin, kind=kind)
        since = self.sandbox.core.log.next
        for request in sent:
            self._runner.run(self._stage.send(request))
        return [one for one in self.sandbox.core.log.since(since) if one["kind"] == "rest"]

    def close(self) -> None:
        """Stop everything."""
        self._runner.run(self._http.close())
        self._runner.run(self.sandbox.stop())


@pytest.fixture(scope="module")
def ring() -> Iterator[Ring]:
    """One ring for all examples."""
    with asyncio.Runner() as runner:
        made = Ring(runner)
        yield made
        made.close()


def check(ring: Ring, sent: list[Request], *, admin: bool, kind: int) -> None:
    """Every answer is one that Discord describes, and only what it describes is accepted."""
    entries = ring.fight(sent, admin=admin, kind=kind)
    assert ring.sandbox.core.world.internal_errors == []
    assert len(entries) == len(sent)
    assert validate_log(entries) == []
    assert validate_requests(entries, accepted_only=True) == []
    for entry in entries:
        if entry["status"] >= 400:
            assert entry["response"]["code"] in CODES, entry["response"]


FIGHT = st.lists(requests(), min_size=1, max_size=3)


@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=SILENCED
)
@given(sent=FIGHT, admin=st.booleans(), kind=st.integers(0, 3))
def test_no_request_breaks_the_sandbox(ring: Ring, sent: list[Request], admin: bool, kind: int) -> None:
    """The same examples on every run; FUZZ_EXAMPLES sets how many."""
    check(ring, sent, admin=admin, kind=kind)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@settings(max_examples=MANY, deadline=None, suppress_health_check=SILENCED)
@given(sent=FIGHT, admin=st.booleans(), kind=st.integers(0, 3))
def test_no_request_breaks_the_sandbox_at_length(
    ring: Ring, sent: list[Request], admin: bool, kind: int
) -> None:
    """Other examples on every run, many of them."""
    check(ring, sent, admin=admin, kind=kind)
