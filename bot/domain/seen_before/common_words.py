"""The words that two titles have in common, as people wrote them: why an incident is shown beside another."""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from bot.domain.incident.similarity import runs_of, words_of, words_of_run

_HIRAGANA: Final = re.compile("[\u3041-\u309f]+")
_KATAKANA: Final = re.compile("[\u30a0-\u30ff]+")
#: The last word of a part that is cut: 開か of 開かない, with the character that it inflects.
_CUT_ENDING: Final = re.compile(f"(?:.{_HIRAGANA.pattern}|{_KATAKANA.pattern})$")
_CUT_BEGINNING: Final = re.compile(f"^{_KATAKANA.pattern}")
_SHORTEST: Final = 2  # one character that is left of a part tells nothing


def words_in_common(one: str, other: str) -> tuple[str, ...]:
    """Return the parts of title *other*, as it spells them, whose words are in title *one*, too.

    Pairs of Japanese characters that overlap are one part: 管理 and 理画 are 管理画. A part ends where a
    word does in one of the titles: 開か becomes 開かない if both go on so, and is left out otherwise.
    """
    common = words_of(one).keys() & words_of(other).keys()
    found: dict[str, str] = {}
    for run in runs_of(other):
        for part in _parts_of(run, common, runs_of(one)):
            found.setdefault(part.casefold(), part)
    return tuple(found.values())


def _parts_of(run: str, common: AbstractSet[str], beside: Sequence[str]) -> Iterator[str]:
    """Yield the parts of *run* that consist of words of *common*; *beside* are the other title's runs."""
    if run[0].isascii():
        if not common.isdisjoint(words_of_run(run)):
            yield run
        return
    begin = 0
    while begin < max(len(run) - 1, 1):
        end = begin
        if run[begin : begin + 2] in common:
            end = min(begin + 2, len(run))
            while end < len(run) and _goes_on(run, begin, end, common, beside):
                end += 1
            yield from _whole(run, begin, end, beside)
        begin = max(end, begin + 1)


def _goes_on(run: str, begin: int, end: int, common: AbstractSet[str], beside: Sequence[str]) -> bool:
    """Return True if the character at *end* belongs to the part before it: 問い goes on to 問い合わせ."""
    if run[end - 1 : end + 1] in common:
        return True
    is_inflected = bool(_HIRAGANA.match(run, end - 1))
    fits = bool(_HIRAGANA.match(run, end)) or run[end : end + 2] in common
    return is_inflected and fits and any(run[begin : end + 1] in text for text in beside)


def _whole(run: str, begin: int, end: int, beside: Sequence[str]) -> Iterator[str]:
    """Yield a part without a word that both titles cut at its beginning or end, if there is more to it."""
    part = whole = run[begin:end]
    found = [(text, match.start()) for text in beside for match in re.finditer(re.escape(part), text)]
    if all(_is_cut(text, at + len(part)) for text, at in [(run, begin), *found]):
        whole = _CUT_ENDING.sub("", whole)
    if all(_is_cut(text, at) for text, at in [(run, begin), *found]):
        whole = _CUT_BEGINNING.sub("", whole)
    if whole == part or len(whole) >= _SHORTEST:
        yield whole


def _is_cut(run: str, at: int) -> bool:
    """Return True if the characters around a place are of one word: both are hiragana, or both katakana."""
    pair = run[max(at - 1, 0) : at + 1]
    return 0 < at < len(run) and any(script.fullmatch(pair) for script in (_HIRAGANA, _KATAKANA))
