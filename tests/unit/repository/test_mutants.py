"""The catalogue of mistakes fits the code, so that moving a critical line is noticed at once."""

import pytest

from tests.mutants.__main__ import ROOT
from tests.mutants.catalogue import MUTANTS, Mutant

#: Without those of a capability whose folder was deleted.
_THERE = [mutant for mutant in MUTANTS if (ROOT / mutant.file).parent.is_dir()]


@pytest.mark.parametrize("mutant", _THERE, ids=lambda mutant: mutant.name)
def test_each_mistake_can_be_made(mutant: Mutant) -> None:
    """The lines that are right are there once: a mistake that is not made would be found by no test."""
    assert (ROOT / mutant.file).read_text(encoding="utf-8").count(mutant.before) == 1
    assert mutant.before != mutant.after
