"""Cleaning of text that people typed, so that it is safe to store and to show."""

import unicodedata
from hashlib import sha256
from typing import Final

#: Hex digits of `short_digest`: short enough for a custom id to carry several.
DIGEST_DIGITS: Final = 8

#: Bidirectional overrides and zero-width signs: they change what a reader sees without showing.
_INVISIBLE = dict.fromkeys(
    [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0x2066, 0x206A), 0xFEFF]
)


def storable(text: str) -> str:
    """Return *text* without what PostgreSQL refuses: NUL and lone surrogates (replaced by U+FFFD)."""
    if text.isascii():  # most of what is stored, thousands of rows at a time under load
        return text.replace("\0", "") if "\0" in text else text
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def short_digest(text: str, *, digits: int = DIGEST_DIGITS) -> str:
    """Return the first hex digits of the SHA-256 of *text*."""
    return sha256(text.encode(errors="replace")).hexdigest()[:digits]


def folded(text: str) -> str:
    """Return *text* for a comparison with what Discord gives back of it, which may lack some signs.

    Without control characters, signs of no width and variation selectors, composed, with single blanks.
    Source: Create Message ("Discord may strip certain characters from message content"), without a list.
    """
    visible = "".join(" " if sign.isspace() else sign for sign in text if not _is_lost(sign))
    return " ".join(unicodedata.normalize("NFC", visible).split())


def _is_lost(sign: str) -> bool:
    if sign.isspace():
        return False
    return unicodedata.category(sign) in ("Cc", "Cf") or "\ufe00" <= sign <= "\ufe0f"


def storable_json(value: object) -> object:
    """Return a JSON value whose every string is `storable`, keys included."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(str(key)): storable_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable_json(item) for item in value]
    return value


def one_line(text: str, *, limit: int) -> str:
    """Return *text* as one visible line of at most *limit* characters; cut with … when longer.

    Control characters, line breaks and invisible signs go; runs of blanks become one blank.
    """
    visible = storable(text).translate(_INVISIBLE)
    spaced = "".join(" " if unicodedata.category(sign) in ("Cc", "Zl", "Zp") else sign for sign in visible)
    line = " ".join(spaced.split())
    return cut(line, limit=limit)


def cut(text: str, *, limit: int) -> str:
    """Return *text* in at most *limit* characters, with … when something was cut off."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"


def half_width(text: str) -> str:
    """Return *text* with full-width letters, digits and signs as half-width ones: "ＡＩ－７" is "AI-7".

    For ids, times, durations and numbers that people type: a Japanese keyboard gives either.
    """
    return text if text.isascii() else unicodedata.normalize("NFKC", text)
