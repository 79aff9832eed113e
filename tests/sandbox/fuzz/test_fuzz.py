"""Whatever a client sends wrongly gets Discord's own status and code: never a failure, never silence."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.sandbox.errors import CODES
from tests.sandbox.description import DESCRIPTION
from tests.sandbox.fuzz.requests import Request, requests
from tests.sandbox.fuzz.ring import Ring
from tests.sandbox.oracle import validate_log, validate_requests
from tests.sandbox.source import MISSING

pytestmark = pytest.mark.skipif(not DESCRIPTION.exists(), reason=MISSING)
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "800"))
MANY = int(os.environ.get("FUZZ_EXAMPLES", "10000"))
SILENCED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


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
