"""Spans of time as people write them: "15m" and "1h30m" in the policy file, "1 時間 30 分" in a form."""

import re
import unicodedata
from datetime import timedelta

# At most six digits: a longer number is a slip, and timedelta overflows at a billion days.
_DURATION = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", re.ASCII)
_UNIT_S = (86_400, 3_600, 60, 1)


def parse_duration(text: str) -> timedelta:
    """Read "15m", "4h", "30s", "1d" or "1h30m": whole numbers, units from large to small, each once.

    Raises:
        ValueError: *text* is anything else.
    """
    match = _DURATION.fullmatch(text.strip())
    if not match or not any(match.groups()):
        raise ValueError(text)
    counts = (int(count or 0) for count in match.groups())
    return timedelta(seconds=sum(count * unit for count, unit in zip(counts, _UNIT_S, strict=True)))


def format_duration(span: timedelta) -> str:
    """Write *span* so that `parse_duration` reads it back: "1h30m"; zero is "0s".

    Args:
        span: >= 0; parts of a second are dropped.

    Raises:
        ValueError: *span* is negative.
    """
    if span < timedelta(0):
        raise ValueError(f"a duration is not negative: {span}")
    left, parts = span.days * 86_400 + span.seconds, []
    for unit, name in zip(_UNIT_S, "dhms", strict=True):
        count, left = divmod(left, unit)
        parts.append(f"{count}{name}" if count else "")
    return "".join(parts) or "0s"


# As `Wording.span` writes spans in both languages, and in other spellings; a number alone is minutes.
_TYPED = re.compile(
    r"(?:(\d{1,6})(?:d|days?|日間?))?"
    r"(?:(\d{1,6})(?:h|hrs?|hours?|時間))?"
    r"(?:(\d{1,6})(?:m|mins?|minutes?|分間?|$))?"
    r"(?:(\d{1,6})(?:s|secs?|seconds?|秒間?))?",
    re.ASCII | re.IGNORECASE,
)
_ABOUT = re.compile(r"^(?:約|およそ|だいたい|about|approx\.?|~)", re.IGNORECASE)


def parse_typed_span(text: str) -> timedelta:
    """Read a span as a person types it: "45", "45 分", "1時間30分", "1h 30m", "about 2 hours", "1 d 4 h".

    Raises:
        ValueError: *text* is anything else.
    """
    bare = "".join(unicodedata.normalize("NFKC", text).split()).replace("and", "").replace(",", "")
    match = _TYPED.fullmatch(_ABOUT.sub("", bare).removesuffix("くらい").removesuffix("ほど"))
    if not match or not any(match.groups()):
        raise ValueError(text)
    counts = (int(count or 0) for count in match.groups())
    return timedelta(seconds=sum(count * unit for count, unit in zip(counts, _UNIT_S, strict=True)))
