"""How often the bot finds the right twin of a report, on the labelled list; so that no change makes it worse.

docs/internals/triage.md has the figures as they were measured; here they have a little room.
"""

import re
import unicodedata
from collections.abc import Callable

import pytest

from bot.domain.incident.similarity import THRESHOLD, Rarity, score
from tests.corpus.labelled_reports import CHOSEN, HELD_OUT, LabelledReport, figures, reports

#: The thresholds that do best for bigrams on the parts on which ours was chosen.
BIGRAMS_FROM = 0.2


def ours(part: str) -> Callable[[LabelledReport, LabelledReport], float]:
    """The measure of the bot, with the words' rarity among the titles of *part*."""
    rarity = Rarity.of(report.title for report in reports(part))
    return lambda one, other: score(one, other, rarity)


def bigrams(one: LabelledReport, other: LabelledReport) -> float:
    """Jaccard's index of the pairs of characters: what takes three lines."""
    return _jaccard(*(_pairs(report.title) for report in (one, other)))


def test_the_list_is_long_enough_and_in_both_languages() -> None:
    """At least 60 titles; no title twice; both languages in each part; twins and reports without one."""
    known = [report for part in (*CHOSEN, HELD_OUT) for report in reports(part)]
    assert len({report.title for report in known}) == len(known) >= 60
    for part in (*CHOSEN, HELD_OUT):
        english = [report for report in reports(part) if report.title.isascii()]
        assert min(len(english), len(reports(part)) - len(english)) >= 10
        troubles = [report.trouble for report in reports(part)]
        assert min(len([one for one in troubles if troubles.count(one) == n]) for n in (1, 2, 3)) >= 3


def test_the_held_out_part_is_told_apart() -> None:
    """Nine of ten shown are right, and three of four reports find their twin among fifty."""
    found = figures(HELD_OUT, ours(HELD_OUT), threshold=THRESHOLD)
    assert found.shown >= 0.87
    assert found.first_three >= 0.87
    assert found.recall >= 0.7


@pytest.mark.parametrize(("part", "shown", "recall"), [(CHOSEN[0], 0.93, 0.85), (CHOSEN[1], 0.8, 0.7)])
def test_the_chosen_parts_are_told_apart(part: str, shown: float, recall: float) -> None:
    """As when the numbers were chosen."""
    found = figures(part, ours(part), threshold=THRESHOLD)
    assert found.shown >= shown
    assert found.recall >= recall


def test_it_does_better_than_bigrams_alone() -> None:
    """In all figures at once, with the threshold that is best for them."""
    found = figures(HELD_OUT, ours(HELD_OUT), threshold=THRESHOLD)
    plain = figures(HELD_OUT, bigrams, threshold=BIGRAMS_FROM)
    assert (found.shown, found.first_three, found.recall) > (plain.shown, plain.first_three, plain.recall)
    assert found.shown > plain.shown
    assert found.recall > plain.recall


def _pairs(title: str) -> set[str]:
    text = re.sub(r"\W+", "", unicodedata.normalize("NFKC", title).casefold())
    return {text[at : at + 2] for at in range(len(text) - 1)}


def _jaccard(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other)
