"""Each test bears the mark of its folder, and the slow half runs only when it is asked for."""

import pytest

from tests.tiers import TIERS, tier_of, without_slow


def test_every_test_bears_the_mark_of_its_folder_alone(request: pytest.FixtureRequest) -> None:
    """Of all that this run has collected."""
    for item in request.session.items:
        marks = {mark.name for mark in item.iter_markers()}
        assert marks.intersection(TIERS) == {tier_of(item)}, item.nodeid


@pytest.mark.parametrize(
    ("asked", "means"),
    [
        ("unit or contract", "(unit or contract) and not slow"),
        ("slow", "slow"),
        ("unit and not slow", "unit and not slow"),
        ("", ""),
    ],
)
def test_the_slow_half_runs_only_when_it_is_asked_for(asked: str, means: str) -> None:
    """A choice of marks on the command line replaces the one of pyproject.toml."""
    assert without_slow(asked) == means
