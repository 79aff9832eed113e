"""Places of secrets in a text, and the text without them."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

#: Values that are none.
_NO_SECRET: Final = re.compile(
    r"(?:true|false|null|none|nil|undefined|unknown|required|missing|invalid|expired|unset|empty|set|not|"
    r"yes|no|ok|ng|string|redacted|masked|hidden|bearer|basic|bot|inherit|[*•x.…-]+)[.!]?",
    re.IGNORECASE,
)
_REFERENCE: Final = re.compile(
    r"\$[({]|\$(?-i:[A-Z_][A-Z0-9_]*|[a-z_]+)(?:\Z|(?=[;,]|&\w+=))|<|%[s(]|\{\{|"
    r"op://|process\.env|env\.|secrets\.|vault:|\[masked:|\*{3,}|\x01",
    re.IGNORECASE | re.ASCII,
)


def is_none(value: str) -> bool:
    """Return True for what is no value, or stands for one that is elsewhere."""
    return not value or _NO_SECRET.fullmatch(value) is not None or is_reference(value)


def is_reference(value: str) -> bool:
    """Return True for what refers to a value: a variable, a place in a vault, a mask."""
    return _REFERENCE.match(value) is not None


#: What replaces a secret in a text; its group is the kind.
MASK: Final = re.compile(r"\[masked:([a-z0-9_]{1,40})\]")

#: Characters that are looked at together. Other threads get their turn between two parts.
_PART: Final = 16_384
#: Characters of a line cut by force that are looked at twice: a secret on the cut is whole in one part.
_OVERLAP: Final = 4_096
#: The signs that a token consists of.
_TOKEN: Final = re.compile(r"[A-Za-z0-9_+/=~.-]*", re.ASCII)

#: Full-width signs, blanks and quotes, each with the sign that it stands for. The length stays, so that a
#: place in the one text is the same place in the other.
_HALF_WIDTH: Final = (
    {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
    | {
        ord(sign): ord(plain)
        for sign, plain in {"　": " ", "\u00a0": " ", "「": '"', "」": '"', "『": '"', "』": '"'}.items()
    }
    | {ord(sign): ord('"') for sign in "“”„"}
    | {ord(sign): ord("'") for sign in "‘’"}
)


@dataclass(frozen=True, slots=True, order=True)
class SecretSpan:
    """The place of one secret: ``text[start:end]``."""

    start: int
    end: int
    kind: str = field(compare=False)


#: Yields the secrets of a part of a text.
Finder: TypeAlias = Callable[[str], Iterable[SecretSpan]]


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without its secrets.

    Attributes:
        counts: How many were masked, by kind, the most frequent first.
    """

    text: str
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Return how many secrets were masked."""
        return sum(self.counts.values())


def masked(text: str, spans: Iterable[SecretSpan]) -> Masked:
    """Return *text* with each of *spans* replaced by what names its kind; overlapping ones are one."""
    pieces: list[str] = []
    kinds: Counter[str] = Counter()
    at = 0
    for span in _merged(text, spans):
        pieces += [text[at : span.start], f"[masked:{span.kind}]"]
        kinds[span.kind] += 1
        at = span.end
    return Masked("".join([*pieces, text[at:]]), dict(kinds.most_common()))


def half_width(text: str) -> str:
    """Return *text* with half-width signs in the place of full-width ones, as NFKC has them; equally long."""
    return text if text.isascii() else text.translate(_HALF_WIDTH)


def found_in(text: str, finders: Iterable[Finder]) -> Iterator[SecretSpan]:
    """Yield what *finders* find in *text*, part by part; a part ends with a line where it can."""
    every = tuple(finders)
    for start, end, is_cut in _parts(text):
        part = text[start:end]
        for find in every:
            for span in find(part):
                last = start + span.end
                if is_cut and last == end:  # a token longer than the overlap goes on behind the cut
                    last = token_end(text, end)
                yield SecretSpan(start + span.start, last, span.kind)


def token_end(text: str, at: int) -> int:
    """Return where the token ends that *at* is in."""
    match = _TOKEN.match(text, at)
    return match.end() if match else at


def _parts(text: str) -> Iterator[tuple[int, int, bool]]:
    """Yield the parts of *text*: start, end, and True if the end is not the end of a line."""
    start = 0
    while start < len(text):
        end = min(start + _PART, len(text))
        line_end = text.rfind("\n", start, end) + 1
        if end == len(text) or line_end > start:
            end = end if end == len(text) else line_end
            yield start, end, False
            start = end
        else:
            yield start, end, True
            start = end - _OVERLAP


def _merged(text: str, spans: Iterable[SecretSpan]) -> Iterator[SecretSpan]:
    """Yield *spans* in order without overlaps, each with the kind of the first; masks are left alone."""
    masks = [match.span() for match in MASK.finditer(text)]
    last: SecretSpan | None = None
    for span in sorted(piece for each in spans for piece in _outside(each, masks)):
        if last is None or span.start >= last.end:
            if last is not None:
                yield last
            last = span
        else:
            last = SecretSpan(last.start, max(last.end, span.end), last.kind)
    if last is not None:
        yield last


def _outside(span: SecretSpan, masks: Sequence[tuple[int, int]]) -> Iterator[SecretSpan]:
    """Yield what of *span* is in none of *masks*, which are in order: a masked text stays as it is."""
    start = span.start
    for begins, ends in masks[max(bisect_right(masks, (start, start)) - 1, 0) :]:
        if begins >= span.end:
            break
        if ends > start:
            if begins > start:
                yield SecretSpan(start, begins, span.kind)
            start = ends
    if start < span.end:
        yield SecretSpan(start, span.end, span.kind)
