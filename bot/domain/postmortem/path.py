"""The path of a postmortem in the team's repository, made of a title that may hold anything."""

import unicodedata
from datetime import date
from typing import Final

#: Bytes of a title in a path. A file name has 255 on every common file system, and the policy's pattern adds
#: to the title.
SLUG_BYTES: Final = 150

#: Letters, numbers, and the marks that belong to the letter before them: dakuten, accents, vowel signs.
_KEPT: Final = frozenset("LN")
_MARK: Final = "M"


def slug(title: str, *, label: str) -> str:
    """Return *title* as a part of a path: lower-case letters and digits of any script, hyphens between.

    Args:
        title: Anything: a path, an emoji, nothing at all.
        label: "INC-42", for a title without any letter or digit.

    Returns:
        At most `SLUG_BYTES` bytes of UTF-8, in NFKC, without dots, slashes or blanks; never empty.
    """
    composed = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", title).lower())
    words = "".join(_kept(composed)).split()
    return _within(words) or label.lower()


def document_path(pattern: str, *, title: str, label: str, day: date) -> str:
    """Return the path of a postmortem.

    Args:
        pattern: The policy's: "docs/ops/postmortems/{date}-{title}.md".
        title: As in `slug`; *label*, too.
        day: When the incident began, in the team's time zone.
    """
    return pattern.format(date=day.isoformat(), title=slug(title, label=label))


def numbered(path: str, label: str) -> str:
    """Return *path* with the incident's label, because another incident of that day has its title."""
    stem, dot, suffix = path.rpartition(".")
    return f"{stem}-{label.lower()}.{suffix}" if dot and "/" not in suffix else f"{path}-{label.lower()}"


def _kept(text: str) -> list[str]:
    """Return the signs of *text*, with a blank for each that no path should have."""
    kept: list[str] = []
    for sign in text:
        category = unicodedata.category(sign)[0]
        belongs = category in _KEPT or (category == _MARK and bool(kept) and kept[-1] != " ")
        kept.append(sign if belongs and not _is_variant(sign) else " ")
    return kept


def _is_variant(sign: str) -> bool:
    """Return True for a variation selector: it makes an emoji of a digit, and shows nothing itself."""
    return "\ufe00" <= sign <= "\ufe0f" or "\U000e0100" <= sign <= "\U000e01ef"


def _within(words: list[str]) -> str:
    """Join *words* with hyphens, cut between two letters so that no byte is over the limit."""
    joined = "-".join(words).encode()[:SLUG_BYTES].decode(errors="ignore")
    return joined.strip("-")
