"""Moments and spans in words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.ui.words.wording import Wording, relative
from tests.unit.ui.samples import POLICY, TEXTS

WORDS = Wording(TEXTS, POLICY)
ENGLISH = Wording(TEXTS, replace(POLICY, language="en"))
AT = datetime(2026, 11, 24, 14, 59, 30, tzinfo=UTC)  # 23:59:30 in Tokyo


def test_moments_name_their_zone() -> None:
    """A time in text carries its zone, so that it means the same wherever it is copied."""
    assert WORDS.moment(AT) == "11/24 23:59 JST"
    assert WORDS.full(AT) == "2026-11-24 23:59:30 JST"
    assert relative(AT) == "<t:1795532370:R>"


def test_the_clock_shows_the_date_when_the_day_is_another() -> None:
    """A deadline after midnight must not read as today's."""
    assert WORDS.clock(AT, on=AT) == "23:59 JST"
    assert WORDS.clock(AT + timedelta(minutes=1), on=AT) == "11/25 00:00 JST"


@pytest.mark.parametrize(
    ("seconds", "ja", "en"),
    [
        (-5, "0 秒", "0 s"),
        (59.9, "59 秒", "59 s"),
        (60, "1 分", "1 min"),
        (3_600, "1 時間", "1 h"),
        (3_960, "1 時間 6 分", "1 h 6 min"),
        (timedelta(days=2, hours=3, minutes=4), "2 日 3 時間", "2 d 3 h"),
        (timedelta(days=1, minutes=4), "1 日", "1 d"),
    ],
)
def test_a_span_is_told_in_two_units_at_most(seconds: float | timedelta, ja: str, en: str) -> None:
    """A span of time is written with two units at most, and without minutes from a day on."""
    assert WORDS.span(seconds) == ja
    assert ENGLISH.span(seconds) == en
