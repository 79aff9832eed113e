"""How often the bot finds the right twin of a report, on the labelled list; so that no change makes it worse.

docs/internals/triage.md has the figures as they were measured; here they have a little room.
"""

import re
import unicodedata
from collections.abc import Callable

import pytest

from bot.domain.incident.relations import THRESHOLD, Rarity, most_similar, score
from tests.corpus.labelled_reports import CHOSEN, HELD_OUT, HURRIED, LabelledReport, figures, reports

#: The thresholds that do best for bigrams on the parts on which ours was chosen.
BIGRAMS_FROM = 0.2


def ours(part: str) -> Callable[[LabelledReport, LabelledReport], float]:
    """The measure of the bot, with the words' rarity among the titles of *part*."""
    rarity = Rarity.of(report.title for report in reports(part))
    return lambda one, other: score(one, other, rarity)


def bigrams(one: LabelledReport, other: LabelledReport) -> float:
    """Jaccard's index of the pairs of characters: what takes three lines."""
    return _jaccard(*(_pairs(report.title) for report in (one, other)))


def hurried() -> tuple[dict[int, LabelledReport], list[LabelledReport]]:
    """The open incidents by trouble (the first report of each that has several), and the other reports."""
    troubles = [report.trouble for report in reports(HURRIED)]
    twins = [report for report in reversed(reports(HURRIED)) if troubles.count(report.trouble) > 1]
    known = {report.trouble: report for report in twins}
    return known, [report for report in reports(HURRIED) if report not in known.values()]


def test_the_list_is_long_enough_and_in_both_languages() -> None:
    """The labelled list has at least 60 titles, and no title twice.

    Each part has both languages, reports with one or two twins and reports without a twin.
    """
    known = [report for part in (*CHOSEN, HELD_OUT) for report in reports(part)]
    assert len({report.title for report in known}) == len(known) >= 60
    for part in (*CHOSEN, HELD_OUT):
        english = [report for report in reports(part) if report.title.isascii()]
        assert min(len(english), len(reports(part)) - len(english)) >= 10
        troubles = [report.trouble for report in reports(part)]
        assert min(len([one for one in troubles if troubles.count(one) == n]) for n in (1, 2, 3)) >= 3


def test_the_held_out_part_is_told_apart() -> None:
    """Nine of ten shown are right, and four of five reports find their twin among fifty."""
    found = figures(HELD_OUT, ours(HELD_OUT), threshold=THRESHOLD)
    assert found.shown >= 0.87
    assert found.first_three >= 0.87
    assert found.recall >= 0.77


@pytest.mark.parametrize(("part", "shown", "recall"), [(CHOSEN[0], 0.93, 0.85), (CHOSEN[1], 0.88, 0.82)])
def test_the_chosen_parts_are_told_apart(part: str, shown: float, recall: float) -> None:
    """On the parts used to choose the numbers, the matches reach each part's least precision and recall."""
    found = figures(part, ours(part), threshold=THRESHOLD)
    assert found.shown >= shown
    assert found.recall >= recall


@pytest.mark.parametrize("is_alone", [True, False])
def test_hurried_reports_find_their_incident(is_alone: bool) -> None:
    """A hurried report without a target finds its incident, alone or among a few others."""
    known, asked = hurried()
    for report in (one for one in asked if one.trouble in known):
        beside = [known[report.trouble]] if is_alone else [*known.values()]
        found = most_similar(report, beside, Rarity.of(one.title for one in beside))
        assert found == known[report.trouble], report.title


def test_hurried_reports_of_something_else_are_shown_less_often() -> None:
    """Nearly three of four that are shown are right, near misses in their very words included."""
    known, asked = hurried()
    rarity = Rarity.of(one.title for one in known.values())
    found = [(report, most_similar(report, known.values(), rarity)) for report in asked]
    right = [report.trouble == shown.trouble for report, shown in found if shown is not None]
    assert sum(right) / len(right) >= 0.72


def test_it_does_better_than_bigrams_alone() -> None:
    """On the held-out part the bot's score has a higher precision and recall than bigrams at their best.

    The precision is higher for the best match and for the best three.
    """
    found = figures(HELD_OUT, ours(HELD_OUT), threshold=THRESHOLD)
    plain = figures(HELD_OUT, bigrams, threshold=BIGRAMS_FROM)
    assert found.shown > plain.shown
    assert found.first_three > plain.first_three
    assert found.recall > plain.recall


def _pairs(title: str) -> set[str]:
    text = re.sub(r"\W+", "", unicodedata.normalize("NFKC", title).casefold())
    return {text[at : at + 2] for at in range(len(text) - 1)}


def _jaccard(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other)
