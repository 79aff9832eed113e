"""When two emojis are the same, and what one emoji is."""

import re
import unicodedata
from typing import Final

_LONGEST: Final = 16  # code points; the longest, families and flags, have about a dozen
_PRESENTED: Final = "\N{VARIATION SELECTOR-16}"
_JOINER: Final = "\N{ZERO WIDTH JOINER}"
_CUSTOM: Final = re.compile(r"<?a?:?\w{2,32}:(?P<id>\d{17,20})>?", re.ASCII)
_FLAG: Final = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_KEYCAP: Final = re.compile(f"[0-9#*]{_PRESENTED}?\u20e3")
# One sign with its presentation, skin tone or tags; several of them joined are one emoji, too (UTS #51).
_PART: Final = re.compile(
    f"(.)(?:{_PRESENTED}|[\U0001f3fb-\U0001f3ff])?(?:[\U000e0020-\U000e007e]+\U000e007f)?"
)
# Emojis that Unicode counts among letters, punctuation or mathematics.
_ODD: Final = frozenset("ℹ‼⁉〰↔⤴⤵◽◾")


def is_same_emoji(one: str, other: str) -> bool:
    """Return True if Discord takes *one* for *other*.

    A custom emoji ("<:ack:123...>" or "ack:123...") is known by its id: its name may change. Of others the
    variation selector may be missing or added on the way: ✏ and ✏️ are one.
    """
    return _key(one) == _key(other)


def is_one_emoji(text: str) -> bool:
    """Return True if *text* may be one Unicode emoji, whether or not Discord has it."""
    if not text or len(text) > _LONGEST:
        return False
    if _FLAG.fullmatch(text) or _KEYCAP.fullmatch(text):
        return True
    parts = [_PART.fullmatch(part) for part in text.split(_JOINER)]
    signs = [None if part is None or part[1].isascii() else part[1] for part in parts]
    return all(sign and (sign in _ODD or unicodedata.category(sign) == "So") for sign in signs)


def _key(text: str) -> str:
    custom = _CUSTOM.fullmatch(text)
    return custom["id"] if custom else text.replace(_PRESENTED, "")
