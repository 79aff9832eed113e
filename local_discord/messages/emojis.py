"""Emojis: which texts are one, and when two are the same.

Source: Discord's docs, Resources > Emoji and Resources > Message (10014); Unicode UTS #51 for what one emoji
is made of. Which signs Discord's own list holds is not documented: any symbol passes here.
"""

import re
import unicodedata

_LONGEST = 32
_PRESENTED = "\N{VARIATION SELECTOR-16}"
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_KEYCAP = re.compile(f"[0-9#*]{_PRESENTED}?\u20e3")
# One sign with its presentation, skin tone or tags; several of them joined are one emoji, too.
_PART = re.compile(f"(.)(?:{_PRESENTED}|[\U0001f3fb-\U0001f3ff])?(?:[\U000e0020-\U000e007e]+\U000e007f)?")
_JOINER = "\N{ZERO WIDTH JOINER}"
_ODD = frozenset("ℹ‼⁉〰↔⤴⤵◽◾")  # emojis that Unicode counts among letters, punctuation or mathematics


def is_unicode_emoji(text: str) -> bool:
    """True when *text* may be one Unicode emoji."""
    if not text or len(text) > _LONGEST:
        return False
    if _FLAG.fullmatch(text) or _KEYCAP.fullmatch(text):
        return True
    parts = [_PART.fullmatch(part) for part in text.split(_JOINER)]
    return all(part is not None and _is_sign(part[1]) for part in parts)


def _is_sign(char: str) -> bool:
    return not char.isascii() and (char in _ODD or unicodedata.category(char) == "So")


def bare(emoji: str) -> str:
    """*emoji* without the selector that asks for its coloured form: with and without it is one emoji."""
    return emoji.replace(_PRESENTED, "")
