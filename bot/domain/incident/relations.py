"""How incidents are related: linked, one merged into the other, or about the same trouble.

Their posts name each other. Anyone in its channel or thread can read a post, so an incident never
names a private one. The timeline keeps the numbers of private ones, and `readable` removes them for
readers who may not see those. How similar reports are measured, and how the numbers were chosen:
docs/internals/triage.md.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Protocol, TypeVar

from bot.domain.errors import DrillAndReal, InvalidTransition
from bot.domain.incident.incident import Incident, IncidentKind
from bot.domain.timeline.entries import TimelineEntry


class Other(StrEnum):
    """The keys of an entry's data that hold the number of another incident."""

    WITH = "with"
    MERGED = "merged"
    INTO = "into"


def require_mergeable(into: Incident, incident: Incident) -> None:
    """Require that *incident* may be merged into *into*.

    Raises:
        InvalidTransition: *into* has ended, or is the same incident; only one of the two is a drill, or
            private; or *into* is a tracked alert, without a thread, and *incident* is not.
    """
    if into.id == incident.id:
        raise InvalidTransition("merge_with_itself", incident=incident.label)
    require_alike(incident, into)
    if not into.is_open:
        raise InvalidTransition("merge_into_ended", incident=into.label)
    if incident.is_private is not into.is_private:
        raise InvalidTransition("merge_unlike", incident=incident.label, other=into.label)
    if (incident.kind, into.kind) == (IncidentKind.INCIDENT, IncidentKind.ALERT):
        raise InvalidTransition("merge_into_alert", incident=incident.label, other=into.label)


def require_alike(one: Incident, other: Incident) -> None:
    """Require that two incidents are both drills or both real, so that a drill is never taken for real.

    Raises:
        DrillAndReal.
    """
    if one.is_drill is not other.is_drill:
        drill, real = (one, other) if one.is_drill else (other, one)
        raise DrillAndReal(drill=drill.label, real=real.label)


def add_duplicate(incident: Incident, number: int) -> Incident:
    """Record that incident *number* was merged into this one."""
    duplicates = _with(incident.duplicates, number)
    return replace(incident, duplicates=duplicates, version=incident.version + 1)


def remove_duplicate(incident: Incident, number: int) -> Incident:
    """Record that incident *number* is no duplicate of this one any more."""
    return replace(incident, duplicates=_without(incident.duplicates, number), version=incident.version + 1)


def link(incident: Incident, number: int) -> Incident:
    """Return *incident* with a link to the incident *number*."""
    return replace(incident, linked=_with(incident.linked, number), version=incident.version + 1)


def unlink(incident: Incident, number: int) -> Incident:
    """Remove the link with incident *number*; return the incident unchanged if there is none."""
    if number not in incident.linked:
        return incident
    return replace(incident, linked=_without(incident.linked, number), version=incident.version + 1)


def hide(incident: Incident, number: int) -> Incident:
    """Remove incident *number*, which is private now, from what posts show; unchanged if they did not."""
    if number not in (*incident.duplicates, *incident.linked, incident.told_merged_into):
        return incident
    return replace(
        incident,
        duplicates=_without(incident.duplicates, number),
        linked=_without(incident.linked, number),
        merged_into_hidden=incident.merged_into_hidden or incident.merged_into_id == number,
        version=incident.version + 1,
    )


def others_in(entries: Iterable[TimelineEntry]) -> set[int]:
    """Return the numbers of other incidents that a history names."""
    numbers = (number for entry in entries for number in _numbers(entry).values())
    return {int(number) for number in numbers if number.isdecimal()}


def readable(entry: TimelineEntry, hidden: Collection[int]) -> TimelineEntry:
    """Return *entry* without the numbers that its reader must not know: that something was linked stays."""
    names = {name for name, number in _numbers(entry).items() if number in {str(one) for one in hidden}}
    if not names:
        return entry
    data = {name: value for name, value in (entry.data or {}).items() if name not in names}
    return replace(entry, data=data)


def _numbers(entry: TimelineEntry) -> dict[str, str]:
    data = entry.data or {}
    return {name.value: str(data[name]) for name in Other if data.get(name) is not None}


def _with(numbers: tuple[int, ...], number: int) -> tuple[int, ...]:
    return tuple(sorted({*numbers, number}))


def _without(numbers: tuple[int, ...], number: int) -> tuple[int, ...]:
    return tuple(one for one in numbers if one != number)


#: From this score on, a report is shown as similar.
THRESHOLD: Final = 0.4

_SAME_TARGET: Final = 0.05
_OTHER_TARGET: Final = -0.7  # both name targets, and none in common
_SAME_SYMPTOM: Final = 0.1
_OTHER_SYMPTOM: Final = -0.1
_COMMON_SHARE: Final = 0.3  # of the weight that a common word would have by its rarity
_CONTAINED_SHARE: Final = 0.25  # how much counts that a short title is part of a long one

_HIRAGANA = "\u3041-\u309f"
_RUNS = re.compile(
    rf"[a-z0-9]+(?:'[a-z]+)?|[{_HIRAGANA}\u30a0-\u30ff\u3005\u3400-\u4dbf\u4e00-\u9fff]+", re.IGNORECASE
)
#: What begins with hiragana is grammar (が, して, ない, が落), and so is a pair that ends in a particle.
_GRAMMAR = re.compile(rf"[{_HIRAGANA}].?|.[がをにはのでともへや]")
_HTTP_STATUS = re.compile(r"([45])\d\d", re.ASCII)
#: "log in", "logging in", "times out" are one word, as "login" and "timeouts" are.
_PHRASES = re.compile(
    r"\b(log|sign|check|time|roll|shut)(?:s|d|ed|ged|ging|ing|ning)? (in|out|back|down)\b",
    re.ASCII | re.IGNORECASE,
)
_ENDINGS = re.compile(r"(?<=[a-z]{4})(?:ing|ed|es|s)$")
_PLURAL = re.compile(r"(?<=[a-z0-9]{3})s$")
_STOP_WORDS = """
    a above all an and are at be being by can't did do does for from high in is it low many no not of on one
    only or out over per the three to two under very was were with
"""
#: What reports of any trouble have in common: they tell less than their rarity among a few titles suggests.
_COMMON_WORDS = """
    5xx 4xx api app break broken customer down env error everyone fail issue page problem report return
    screen server service site slow system timeout user work worker
    エラ ラー 画面 管理 理画 問い 合わ 問合 ユー ーザ ザー サイ イト アプ プリ サー ーバ バー オー ーナ ナー
    失敗 遅い 遅延 遅れ 表示 環境 全体 発生 止ま 停止 落ち 障害 不具 具合 件数 多数 向け 開か
"""
_KEPT: Final = 5_000  # titles whose words are known: the latest ones are compared again and again
_STOP: Final = frozenset(_STOP_WORDS.split())
_COMMON: Final = frozenset(_COMMON_WORDS.split())


class TroubleReport(Protocol):
    """A report of a trouble: a triage, or an incident."""

    @property
    def title(self) -> str:
        """Return the words of the report."""

    @property
    def targets(self) -> tuple[str, ...]:
        """Return the targets that the report names; may be empty."""

    @property
    def symptoms(self) -> tuple[str, ...]:
        """Return the symptoms that the report names; may be empty."""


AnyReport = TypeVar("AnyReport", bound=TroubleReport)


@dataclass(frozen=True, slots=True)
class Rarity:
    """How much a word tells: the fewer titles have it, the more.

    Attributes:
        titles: The titles that were counted, each once.
        count: How many there were.
        having: In how many of them each word is.
    """

    titles: frozenset[str]
    count: int
    having: Counter[str]

    @classmethod
    def of(cls, titles: Iterable[str]) -> "Rarity":
        """Count the words of *titles*, to know how rare each is."""
        counted = tuple(titles)
        return cls(
            frozenset(counted), len(counted), Counter(word for title in counted for word in words_of(title))
        )

    def weights(self, one: str, other: str, *, common: Collection[str] = ()) -> list[Mapping[str, float]]:
        """Return the weights of the words of two titles that are compared; those of *common* are cut.

        The two are left out of the count: else what they share is frequent because of them.
        """
        counted = [title for title in {one, other} if title in self.titles]
        known = Counter(word for title in counted for word in words_of(title))
        rest = self.count - len(counted)

        def weight(word: str) -> float:
            """Return the smoothed inverse document frequency of *word* among the rest, > 0."""
            rarity = math.log(1 + (rest + 1) / (self.having[word] - known[word] + 0.5))
            return rarity * _COMMON_SHARE if word in _COMMON or word in common else rarity

        shares = (words_of(title).items() for title in (one, other))
        return [{word: math.sqrt(share) * weight(word) for word, share in words} for words in shares]


@lru_cache(maxsize=_KEPT)
def words_of(title: str) -> Mapping[str, float]:
    """Return the words of *title*, folded, each with its share of the run of characters that it is from.

    A Latin word loses its ending, Japanese is taken in pairs of characters, which share the weight of one
    word. An HTTP status counts as its class, 502 as 5xx. Other numbers, and what is only grammar, are left
    out.
    """
    shares: dict[str, float] = {}
    for run in runs_of(title):
        words = words_of_run(run)
        shares.update((word, max(shares.get(word, 0), 1 / len(words))) for word in words)
    return MappingProxyType(shares)


def runs_of(title: str) -> list[str]:
    """Return the runs of Latin and those of Japanese characters of *title*; a phrase is one word."""
    return _RUNS.findall(_PHRASES.sub(r"\1\2", unicodedata.normalize("NFKC", title)))


def words_of_run(run: str) -> list[str]:
    """Return the words of a run of characters of one script, folded."""
    run = run.casefold()
    if not run[0].isascii():
        pairs = [run[at : at + 2] for at in range(len(run) - 1)] or [run]
        return [pair for pair in pairs if not _GRAMMAR.fullmatch(pair)]
    if status := _HTTP_STATUS.fullmatch(run.removesuffix("s")):
        return [f"{status[1]}xx"]
    return [] if run in _STOP or run.isdecimal() else [_PLURAL.sub("", _ENDINGS.sub("", run))]


def score(one: TroubleReport, other: TroubleReport, rarity: Rarity) -> float:
    """Return how similar two reports are: by their weighted words, and by what else they share."""
    named = words_of(" ".join((*one.targets, *other.targets)))  # "parky.co.jp": compared as a target
    return (
        _words_in_common(*rarity.weights(one.title, other.title, common=named))
        + _shared(one.targets, other.targets, same=_SAME_TARGET, differ=_OTHER_TARGET)
        + _shared(one.symptoms, other.symptoms, same=_SAME_SYMPTOM, differ=_OTHER_SYMPTOM)
    )


def most_similar(report: TroubleReport, known: Iterable[AnyReport], rarity: Rarity) -> AnyReport | None:
    """Return the report of *known* that is most similar to *report*, the first of several; or None."""
    words = words_of(report.title).keys()
    alike = (one for one in known if words & words_of(one.title).keys())
    scored = [(score(report, one, rarity), one) for one in alike]
    best = max(scored, key=lambda pair: pair[0], default=None)
    return None if best is None or best[0] < THRESHOLD else best[1]


def _words_in_common(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Return 0 (no word in common) to 1: the cosine, and some of how far the shorter one is contained."""
    both = sum(one[word] * other[word] for word in one.keys() & other.keys())
    lengths = [sum(weight**2 for weight in words.values()) for words in (one, other)]
    if not both:
        return 0.0
    cosine, contained = both / math.sqrt(math.prod(lengths)), min(1.0, both / min(lengths))
    return (1 - _CONTAINED_SHARE) * cosine + _CONTAINED_SHARE * contained


def _shared(one: Collection[str], other: Collection[str], *, same: float, differ: float) -> float:
    """Return *same* if two reports name one thing in common, *differ* if both name others, else 0."""
    if not one or not other:
        return 0.0
    return same if set(one) & set(other) else differ
