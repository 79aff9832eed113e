"""Whatever a client sends wrongly gets Discord's own status and code: never a failure, never silence."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local_discord.errors import CODES
from local_discord.tests.fuzz.requests import Request, requests
from local_discord.tests.fuzz.ring import Ring
from local_discord.tests.openapi.description import DESCRIPTION, operations, template_of
from local_discord.tests.openapi.implemented import is_implemented
from local_discord.tests.openapi.oracle import validate_log, validate_requests
from local_discord.tests.openapi.source import MISSING

pytestmark = pytest.mark.skipif(not DESCRIPTION.exists(), reason=MISSING)
USUAL_EXAMPLES = 600
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
    """FUZZ_EXAMPLES of them, and some more of each operation that chance has left out."""
    asked: set[tuple[str, str]] = set()

    def fight(sent: st.SearchStrategy[list[Request]], *, examples: int) -> None:
        @settings(
            max_examples=examples,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=SILENCED,
        )
        @given(sent=sent, admin=st.booleans(), kind=st.integers(0, 3))
        def run(sent: list[Request], admin: bool, kind: int) -> None:
            asked.update(check(ring, sent, admin=admin, kind=kind))

        run()

    fight(FIGHT, examples=EXAMPLES)
    every = {one for one in operations() if is_implemented(*one)}
    if EXAMPLES >= USUAL_EXAMPLES:
        for one in sorted(every - asked):
            fight(st.lists(requests(one), min_size=1, max_size=1), examples=10)
        assert every - asked == set()


@pytest.mark.slow
@pytest.mark.timeout(3600)
@settings(max_examples=MANY, deadline=None, suppress_health_check=SILENCED)
@given(sent=FIGHT, admin=st.booleans(), kind=st.integers(0, 3))
def test_no_request_breaks_the_sandbox_at_length(
    ring: Ring, sent: list[Request], admin: bool, kind: int
) -> None:
    """A long run, with other examples each time, finds no request that breaks the sandbox."""
    check(ring, sent, admin=admin, kind=kind)
