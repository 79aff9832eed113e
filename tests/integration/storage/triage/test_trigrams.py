"""PostgreSQL's own measure of similar texts, on the labelled list: what it lacks for Japanese.

The database has the locale C, in which pg_trgm knows no Japanese letters; in C.UTF-8 it knows them.
"""

import asyncpg

from bot.domain.incident.relations import THRESHOLD, Rarity, score
from tests.corpus.labelled_reports import CHOSEN, HELD_OUT, LabelledReport, Measure, figures, reports
from tests.services.database import Database

#: Tried on the parts on which ours was chosen.
THRESHOLDS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)


async def trigrams(database: Database) -> dict[tuple[str, str], float]:
    """`similarity` of every two titles of a part."""
    await database.fetch("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    query = (
        "SELECT one, two, similarity(one, two) AS alike"
        " FROM unnest($1::text[]) AS one CROSS JOIN unnest($1::text[]) AS two"
    )
    titles = [report.title for part in (*CHOSEN, HELD_OUT) for report in reports(part)]
    rows: list[asyncpg.Record] = list(await database.fetch(query, titles))
    return {(row["one"], row["two"]): row["alike"] for row in rows}


async def test_ours_does_better_than_trigrams(database: Database) -> None:
    """The bot's measure of similar reports beats trigrams in precision and recall at once.

    Trigrams get the threshold that is best for them.
    """
    known = await trigrams(database)

    def alike(one: LabelledReport, other: LabelledReport) -> float:
        return known[one.title, other.title]

    threshold = max(THRESHOLDS, key=lambda value: _worth(alike, value))
    rarity = Rarity.of(report.title for report in reports(HELD_OUT))
    theirs = figures(HELD_OUT, alike, threshold=threshold)
    ours = figures(HELD_OUT, lambda one, other: score(one, other, rarity), threshold=THRESHOLD)
    assert ours.shown > theirs.shown
    assert ours.recall > theirs.recall + 0.1


def _worth(measure: Measure, threshold: float) -> float:
    """What the numbers of ours were chosen by: a wrong one weighs more than a missed one."""
    found = [figures(part, measure, threshold=threshold) for part in CHOSEN]
    return sum(1.5 * one.shown + one.recall + one.first_three / 2 for one in found)
