"""Whatever a client sends wrongly gets Discord's own status and code: never a failure, never silence."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.sandbox.errors import CODES
from tests.sandbox.description import DESCRIPTION, operations, template_of
from tests.sandbox.fuzz.requests import Request, requests
from tests.sandbox.fuzz.ring import Ring
from tests.sandbox.implemented import is_implemented
from tests.sandbox.oracle import validate_log, validate_requests
from tests.sandbox.source import MISSING

pytestmark = pytest.mark.skipif(not DESCRIPTION.exists(), reason=MISSING)
USUAL_EXAMPLES = 800
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", USUAL_EXAMPLES))
MANY = int(os.environ.get("FUZZ_EXAMPLES", "10000"))
SILENCED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def check(ring: Ring, sent: list[Request], *, admin: bool, kind: int) -> set[tuple[str, str]]:
    """Every answer is one that Discord describes, and only what it describes is accepted.

    Returns:
        The operations that were asked for, as method and template.
    """
    entries = ring.fight(sent, admin=admin, kind=kind)
    assert ring.sandbox.core.world.internal_errors == []
    assert len(entries) == len(sent)
    assert validate_log(entries) == []
    assert validate_requests(entries, accepted_only=True) == []
    for entry in entries:
        if entry["status"] >= 400:
            assert entry["response"]["code"] in CODES, entry["response"]
    asked = ((entry["method"], template_of(entry["method"].lower(), entry["path"])) for entry in entries)
    return {(method, template) for method, template in asked if template is not None}


FIGHT = st.lists(requests(), min_size=1, max_size=3)


@pytest.mark.timeout(400)
def test_no_request_breaks_the_sandbox(ring: Ring) -> None:
    """The same examples on every run, FUZZ_EXAMPLES of them; the usual number leaves out no operation."""
    asked: set[tuple[str, str]] = set()

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=SILENCED
    )
    @given(sent=FIGHT, admin=st.booleans(), kind=st.integers(0, 3))
    def fight(sent: list[Request], admin: bool, kind: int) -> None:
        asked.update(check(ring, sent, admin=admin, kind=kind))

    fight()
    if EXAMPLES >= USUAL_EXAMPLES:
        assert {one for one in operations() if is_implemented(*one)} - asked == set()


@pytest.mark.slow
@pytest.mark.timeout(3600)
@settings(max_examples=MANY, deadline=None, suppress_health_check=SILENCED)
@given(sent=FIGHT, admin=st.booleans(), kind=st.integers(0, 3))
def test_no_request_breaks_the_sandbox_at_length(
    ring: Ring, sent: list[Request], admin: bool, kind: int
) -> None:
    """Other examples on every run, many of them."""
    check(ring, sent, admin=admin, kind=kind)
