"""The order in which the workers are given the tests, and that a group's tests have one worker."""

import pytest

from tests.order import share_of, spread


def test_each_kind_is_spread_evenly() -> None:
    """Two stories among four short tests: one in the middle of each half."""
    assert spread("aaaabb", lambda _: 1.0) == [0.125, 0.375, 0.625, 0.875, 0.25, 0.75]


def test_what_takes_long_ends_early() -> None:
    """A kind that has half of the run ends there."""
    assert spread("aabb", {"a": 0.5, "b": 1.0}.__getitem__) == [0.125, 0.375, 0.25, 0.75]


def test_a_module_is_handed_out_at_once_and_a_story_alone() -> None:
    """Two tests of a rule have one worker; two stories of a file may have two."""
    assert share_of("tests/unit/test_a.py::test_one") == share_of("tests/unit/test_a.py::test_two[x::y]")
    assert share_of("tests/e2e/test_a.py::test_one") != share_of("tests/e2e/test_a.py::test_two")


@pytest.mark.xdist_group("kept-together")
def test_groups_are_kept_together(request: pytest.FixtureRequest) -> None:
    """The runner sees by a test's id which group it is in; pytest 9.2 with pytest-xdist 3.8 loses that."""
    if not request.config.getoption("loadgroup", None):
        pytest.skip("only with several workers")
    assert request.node.nodeid.endswith("@kept-together")
