"""A number of people as a person types it."""

import re
import unicodedata
from typing import Final

_COUNT: Final = re.compile(
    r"(?:約|およそ|だいたい|about|approx\.?|~)?\s*(?P<count>\d{1,3}(?:,\d{3})+|\d+)\s*"
    r"(?P<thousands>万|千|k)?\s*(?:人|名|people|persons?|users?|customers?)?\s*(?:くらい|ほど|以上)?",
    re.ASCII | re.IGNORECASE,
)
_TIMES: Final = {"万": 10_000, "千": 1_000, "k": 1_000}

#: There are not more people than that.
MOST_PEOPLE: Final = 9_999_999_999


def parse_people(text: str) -> int:
    """Read "120", "約 120 人", "1,200 users" or "3万人" as a number of people.

    Raises:
        ValueError: *text* is anything else, or more than `MOST_PEOPLE`.
    """
    found = _COUNT.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if found is None:
        raise ValueError(text)
    people = int(found["count"].replace(",", "")) * _TIMES.get((found["thousands"] or "").lower(), 1)
    if people > MOST_PEOPLE:
        raise ValueError(text)
    return people
