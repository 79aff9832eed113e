"""Text and emojis as they are stored, compared and shown."""

import re
import unicodedata
from hashlib import sha256
from typing import Final

#: Hex digits of `short_digest`: short enough for a custom id to carry several.
DIGEST_DIGITS: Final = 8

#: Bidirectional overrides and zero-width signs: they change what a reader sees without showing.
_INVISIBLE = dict.fromkeys(
    [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0x2066, 0x206A), 0xFEFF]
)

#: A codec's own replacement takes three times as long, a microsecond for each.
_LONE: Final = re.compile("(?<![\ud800-\udbff])[\udc00-\udfff]|[\ud800-\udbff](?![\udc00-\udfff])")


def storable(text: str) -> str:
    """Return *text* without what PostgreSQL refuses: NUL and lone surrogates (replaced by U+FFFD)."""
    if text.isascii():  # most of what is stored, thousands of rows at a time under load
        return text.replace("\0", "") if "\0" in text else text
    kept = text.replace("\0", "")
    try:
        kept.encode()
    except UnicodeEncodeError:
        return _LONE.sub("\ufffd", kept).encode("utf-16", "surrogatepass").decode("utf-16")
    return kept


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
