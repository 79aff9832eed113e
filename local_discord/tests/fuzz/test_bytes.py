"""Headers, encodings and multipart bodies that no library would send: Discord's own status and code."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local_discord.errors import CODES
from local_discord.tests.fuzz.bytes_of_requests import Bytes, raw_requests
from local_discord.tests.fuzz.ring import Ring

# aiohttp warns of part headers that it passes over: here they are meant to be wrong.
pytestmark = pytest.mark.filterwarnings(
    "ignore::aiohttp.multipart.BadContentDispositionHeader",
    "ignore::aiohttp.multipart.BadContentDispositionParam",
)
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "400"))
MANY = int(os.environ.get("FUZZ_EXAMPLES", "10000"))
SILENCED = [HealthCheck.too_slow, HealthCheck.data_too_large]


def check(ring: Ring, sent: list[Bytes]) -> None:
    """Each is answered, in JSON and not as a failure, and the connection works on or says that it ends."""
    told = ring.shout(sent)
    assert ring.sandbox.core.world.internal_errors == []
    assert len(told) == len(sent)
    for one in told:
        assert one.status < 500
        if one.status >= 400:
            assert one.body["code"] in CODES, one
            assert one.headers["via"]


FIGHT = st.lists(raw_requests(), min_size=1, max_size=4)


@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=SILENCED
)
@given(sent=FIGHT)
def test_no_bytes_break_the_sandbox(ring: Ring, sent: list[Bytes]) -> None:
    """The same examples on every run; FUZZ_EXAMPLES sets how many."""
    check(ring, sent)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@settings(max_examples=MANY, deadline=None, suppress_health_check=SILENCED)
@given(sent=FIGHT)
def test_no_bytes_break_the_sandbox_at_length(ring: Ring, sent: list[Bytes]) -> None:
    """A long run, with other examples each time, finds no bytes that break the sandbox."""
    check(ring, sent)
