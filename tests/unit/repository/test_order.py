"""The order in which the workers are given the tests, and that a group's tests have one worker."""

import pytest

from tests.order import mixed


def test_each_kind_is_spread_evenly() -> None:
    """Two stories among six short tests: one in the middle of each half."""
    assert "".join(mixed("aaaaaaBB", str.islower, lambda _: 1.0)) == "aaBaaaBa"


def test_what_takes_long_ends_early() -> None:
    """A kind that has half of the run ends there, in its own order."""
    halves = mixed(range(8), lambda number: number < 4, {True: 0.5, False: 1.0}.__getitem__)
    assert halves == [0, 4, 1, 2, 5, 3, 6, 7]


@pytest.mark.xdist_group("kept-together")
def test_groups_are_kept_together(request: pytest.FixtureRequest) -> None:
    """The runner sees by a test's id which group it is in; pytest 9.2 with pytest-xdist 3.8 loses that."""
    if not request.config.getoption("loadgroup", None):
        pytest.skip("only with several workers")
    assert request.node.nodeid.endswith("@kept-together")
