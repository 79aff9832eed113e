"""A number of people, and how long they were affected, as it is typed."""

from datetime import timedelta

import pytest

from bot.domain.incident.forms import MOST_PEOPLE, parse_people, parse_people_and_span


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
    """A number of people is read however it is spelled, in Japanese and in English."""
    assert parse_people(text) == people


@pytest.mark.parametrize(
    "text", ["", "全員", "-3", "1.5", "12 13", "1,20", "many", str(MOST_PEOPLE + 1), "9" * 400]
)
def test_anything_else_is_refused(text: str) -> None:
    """A guess would be shown as a fact."""
    with pytest.raises(ValueError, match=r".*"):
        parse_people(text)


@pytest.mark.parametrize(
    ("text", "people", "minutes"),
    [
        ("", None, None),
        ("120", 120, None),
        ("45 分", None, 45),
        ("1,200 人 · 1 時間 30 分", 1_200, 90),
        ("約 120 人、45分", 120, 45),
        ("１２０人で４５分", 120, 45),
        ("120 people for 1 h 30 min", 120, 90),
        ("45 min, 120 users", 120, 45),
        ("1,200, 45", 1_200, 45),
        ("3万人に約 2 時間", 30_000, 120),
        ("120\n45", 120, 45),
    ],
)
def test_people_and_a_span_are_read_together(text: str, people: int | None, minutes: int | None) -> None:
    """A number of people and a span of time are read from one text, in either order or one of them alone."""
    span = None if minutes is None else timedelta(minutes=minutes)
    assert parse_people_and_span(text) == (people, span)


@pytest.mark.parametrize("text", ["昼", "120 人、昼", "全員 45 分", "1 2 3", "120 人 30 人", "12345678901"])
def test_of_two_both_must_be_readable(text: str) -> None:
    """A part that is dropped, or two numbers read as one, would be shown as a fact."""
    with pytest.raises(ValueError, match=r".*"):
        parse_people_and_span(text)
