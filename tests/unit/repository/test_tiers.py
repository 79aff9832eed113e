"""Each test bears the mark of its folder, and the slow half runs only when it is asked for."""

import pytest

from tests.tiers import TIERS, is_ruled_out, tier_of, tier_of_path, without_slow


def test_every_test_bears_the_mark_of_its_folder_alone(request: pytest.FixtureRequest) -> None:
    """Each test that this run has collected bears the mark of its folder's tier, and of no other tier."""
    for item in request.session.items:
        marks = {mark.name for mark in item.iter_markers()}
        assert marks.intersection(TIERS) == {tier_of(item)}, item.nodeid


@pytest.mark.parametrize(
    ("asked", "means"),
    [
        ("unit or services", "(unit or services) and not slow"),
        ("slow", "slow"),
        ("unit and not slow", "unit and not slow"),
        ("", ""),
    ],
)
def test_the_slow_half_runs_only_when_it_is_asked_for(asked: str, means: str) -> None:
    """A choice of marks on the command line replaces the one of pyproject.toml."""
    assert without_slow(asked) == means


@pytest.mark.parametrize(
    ("tier", "asked", "is_left_out"),
    [
        ("e2e", "unit", True),
        ("e2e", "(unit) and not slow", True),
        ("unit", "(unit) and not slow", False),
        ("services", "(unit or services) and not slow", False),
        ("unit", "not unit", True),
        ("e2e", "not unit", False),
        ("e2e", "slow", False),
        ("e2e", "not slow", False),
        ("e2e", "unit or slow", False),
        ("e2e", "slow and not quiet", False),
        ("e2e", "slow and unit", True),
        ("e2e", "", False),
    ],
)
def test_a_folder_that_is_not_asked_for_is_not_collected(tier: str, asked: str, *, is_left_out: bool) -> None:
    """Any other mark may be on any test, so that it never leaves a folder out."""
    assert is_ruled_out(tier, asked) is is_left_out


@pytest.mark.parametrize(
    ("path", "tier"),
    [
        ("tests/e2e", "e2e"),
        ("local_discord/tests", "sandbox"),
        ("tests", None),
        ("tests/e2e/lives/test_x.py", "e2e"),
        ("tests/fakes", None),
        ("bot", None),
    ],
)
def test_a_tier_is_a_folder(path: str, tier: str | None) -> None:
    """A tier is a folder of `tests`, or that of the local Discord's tests; other folders are in no tier."""
    assert tier_of_path(path.split("/")) == tier
