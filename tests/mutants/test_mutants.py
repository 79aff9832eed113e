"""Each mistake can still be made, and is found; the tests that find it pass without it."""

import pytest

from tests.mutants.__main__ import ROOT, is_killed, run
from tests.mutants.catalogue import MUTANTS, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mistake_can_be_made(mutant: Mutant) -> None:
    """The lines that are right are there once: a mistake that is not made would be found by no test."""
    assert (ROOT / mutant.file).read_text(encoding="utf-8").count(mutant.before) == 1
    assert mutant.before != mutant.after


@pytest.mark.slow
@pytest.mark.timeout(1_000)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mistake_is_found(mutant: Mutant) -> None:
    """By a test of its own; the same tests pass without it."""
    assert is_killed(mutant)
    assert run(mutant.tests, root=ROOT) == 0
