"""Each mistake is found by a test of its own, which passes without the mistake."""

import pytest

from tests.mutants.__main__ import ROOT, is_killed, run
from tests.mutants.catalogue import MUTANTS, Mutant


@pytest.mark.slow
@pytest.mark.timeout(1_000)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mistake_is_found(mutant: Mutant) -> None:
    """Each deliberate mistake is found by the tests that belong to it, which pass without the mistake."""
    assert is_killed(mutant)
    assert run(mutant.tests, root=ROOT) == 0
