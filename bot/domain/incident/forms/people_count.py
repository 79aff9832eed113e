"""A number of people, and how long they were affected, as a person types it."""

import re
import unicodedata
from datetime import timedelta
from typing import Final

from bot.domain.calendar.durations import parse_typed_span

_COUNT: Final = re.compile(
    r"(?:約|およそ|だいたい|about|approx\.?|~)?\s*(?P<count>\d{1,3}(?:,\d{3})+|\d+)\s*"
    r"(?P<thousands>万|千|k)?\s*(?:人|名|people|persons?|users?|customers?)?\s*(?:くらい|ほど|以上)?",
    re.ASCII | re.IGNORECASE,
)
_TIMES: Final = {"万": 10_000, "千": 1_000, "k": 1_000}

#: What may stand between the number of people and the duration.
_BETWEEN: Final = " \t\n,;、。/|・·"
_JOINING: Final = re.compile(r"^(?:for|and|が|で|と|に)(?=[\s\d約])", re.ASCII | re.IGNORECASE)

_TWO_NUMBERS: Final = re.compile(r"\d[\s,]+\d", re.ASCII)

#: There are not more people than that.
MOST_PEOPLE: Final = 9_999_999_999


def parse_people(text: str) -> int:
    """Read "120", "約 120 人", "1,200 users" or "3万人" as a number of people.

    Raises:
        ValueError: *text* is anything else, or more than `MOST_PEOPLE`.
    """
    match = _COUNT.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if match is None:
        raise ValueError(text)
    people = int(match["count"].replace(",", "")) * _TIMES.get((match["thousands"] or "").lower(), 1)
    if people > MOST_PEOPLE:
        raise ValueError(text)
    return people


def parse_people_and_span(text: str) -> tuple[int | None, timedelta | None]:
    """Read "120 people, 45 min" in either order, or one of the two; a number alone is people.

    Raises:
        ValueError: a part of *text* is neither.
    """
    bare = unicodedata.normalize("NFKC", text).strip()
    if not bare:
        return None, None
    # From the right: "1,200, 45" is 1,200 people, and not one.
    for end in range(len(bare), -1, -1):
        if bare[max(end - 1, 0) : end + 1].isdecimal() and 0 < end < len(bare):  # inside a number
            continue
        first, second = bare[:end].strip(_BETWEEN), _JOINING.sub("", bare[end:].strip(_BETWEEN))
        for people, span in ((first, second), (second, first)):
            try:
                return parse_people(people) if people else None, _span(span) if span else None
            except ValueError:
                continue
    raise ValueError(text)


def _span(text: str) -> timedelta:
    if _TWO_NUMBERS.search(text):  # which a span of time would be read from as one
        raise ValueError(text)
    return parse_typed_span(text)
