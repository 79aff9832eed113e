"""Which past incidents resemble one, and why: by the score of the triage's card, and by the same alert.

The score: `bot.domain.incident.similarity`. How well it does: docs/internals/suspects.md.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.incident.similarity import THRESHOLD, Rarity, score, words_of
from bot.domain.seen_before.common_words import words_in_common

#: How many are shown.
MOST_PAST: Final = 3

#: Among how many titles a word may be rare, as for the card of a triage.
_TITLES: Final = 300

#: What the same alert of a monitor adds to the score, which is about 0 to 1: with it alone, one is shown.
_SAME_ALERT: Final = 0.5


@dataclass(frozen=True, slots=True)
class KnownReport:
    """What incidents are compared by.

    Attributes:
        fingerprint: Of the alert that began it; None for none.
    """

    number: int
    title: str
    targets: tuple[str, ...] = ()
    symptoms: tuple[str, ...] = ()
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class Resemblance:
    """A past incident, and what it has in common with this one.

    Attributes:
        same_targets: The targets that both name.
        same_alert: The same alert began both.
        words: The words of the past title that this title has, too.
    """

    number: int
    same_targets: tuple[str, ...]
    same_alert: bool
    words: tuple[str, ...]


def resembling(
    report: KnownReport, past: Sequence[KnownReport], *, most: int = MOST_PAST
) -> list[Resemblance]:
    """Return the past incidents that resemble *report*, the most similar first; of equals the latest.

    Args:
        past: The latest first; how rare a word is, is counted among the first `_TITLES`.
    """
    words = words_of(report.title).keys()
    alike = [one for one in past if one.number != report.number and _may_resemble(report, words, one)]
    if not alike:
        return []
    rarity = Rarity.of(one.title for one in past[:_TITLES])
    scored = [(_score(report, one, rarity), one) for one in alike]
    best = sorted((found for found in scored if found[0] >= THRESHOLD), key=lambda found: -found[0])
    return [_resemblance(report, one) for _, one in best[:most]]


def _may_resemble(report: KnownReport, words: Collection[str], past: KnownReport) -> bool:
    return _is_same_alert(report, past) or not words_of(past.title).keys().isdisjoint(words)


def _score(report: KnownReport, past: KnownReport, rarity: Rarity) -> float:
    return score(report, past, rarity) + (_SAME_ALERT if _is_same_alert(report, past) else 0.0)


def _is_same_alert(report: KnownReport, past: KnownReport) -> bool:
    return report.fingerprint is not None and report.fingerprint == past.fingerprint


def _resemblance(report: KnownReport, past: KnownReport) -> Resemblance:
    return Resemblance(
        number=past.number,
        same_targets=tuple(target for target in past.targets if target in report.targets),
        same_alert=_is_same_alert(report, past),
        words=words_in_common(report.title, past.title),
    )
