"""A number of people as it is typed."""

import pytest

from bot.domain.incident.people_count import MOST_PEOPLE, parse_people


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("120", 120),
        ("約 120 人", 120),
        ("およそ１２０名くらい", 120),
        ("1,200 users", 1_200),
        ("about 3k people", 3_000),
        ("3万人以上", 30_000),
        ("~ 5", 5),
        ("0", 0),
        (str(MOST_PEOPLE), MOST_PEOPLE),
    ],
)
def test_a_number_is_read(text: str, people: int) -> None:
    """However it is spelled."""
    assert parse_people(text) == people


@pytest.mark.parametrize(
    "text", ["", "全員", "-3", "1.5", "12 13", "1,20", "many", str(MOST_PEOPLE + 1), "9" * 400]
)
def test_anything_else_is_refused(text: str) -> None:
    """A guess would be shown as a fact."""
    with pytest.raises(ValueError, match=r".*"):
        parse_people(text)
