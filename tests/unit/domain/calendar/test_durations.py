"""Durations as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.calendar.typed_times import format_duration, parse_duration, parse_typed_span


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30s", timedelta(seconds=30)),
        ("15m", timedelta(minutes=15)),
        ("4h", timedelta(hours=4)),
        ("1d", timedelta(days=1)),
        ("1h30m", timedelta(minutes=90)),
        ("0s", timedelta(0)),
        (" 90m ", timedelta(minutes=90)),
    ],
)
def test_parse_duration(text: str, span: timedelta) -> None:
    """A duration is read from numbers with units, which add up."""
    assert parse_duration(text) == span


@pytest.mark.parametrize(
    "text", ["", "15", "15x", "m", "-5m", "1.5h", "30m1h", "5m5m", "１５m", "9999999d", "1h 30m"]
)
def test_parse_duration_refuses(text: str) -> None:
    """A text is refused as a duration if it lacks a unit, has a wrong order or is otherwise malformed."""
    with pytest.raises(ValueError, match=r".*"):
        parse_duration(text)


@pytest.mark.parametrize(("minutes", "text"), [(0, "0s"), (90, "1h30m"), (15, "15m"), (1440, "1d")])
def test_format_duration(minutes: int, text: str) -> None:
    """A duration is written with its largest units first and without units that are zero."""
    assert format_duration(timedelta(minutes=minutes)) == text


def test_format_duration_refuses_the_past() -> None:
    """A negative span has no form."""
    with pytest.raises(ValueError, match="not negative"):
        format_duration(timedelta(seconds=-1))


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=400)))
def test_round_trip(span: timedelta) -> None:
    """A duration that was written is read back, down to the second."""
    assert parse_duration(format_duration(span)) == span - timedelta(microseconds=span.microseconds)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("45", timedelta(minutes=45)),
        ("45 分", timedelta(minutes=45)),
        ("１時間30分", timedelta(minutes=90)),
        ("約 2 時間", timedelta(hours=2)),
        ("1h 30m", timedelta(minutes=90)),
        ("1 h 5 min", timedelta(minutes=65)),
        ("About 2 hours and 5 minutes", timedelta(minutes=125)),
        ("1 d 4 h", timedelta(hours=28)),
        ("2日間", timedelta(days=2)),
        ("30 s", timedelta(seconds=30)),
        ("1時間くらい", timedelta(hours=1)),
        ("0 分", timedelta(0)),
    ],
)
def test_a_typed_span_is_read(text: str, span: timedelta) -> None:
    """A typed span is read in Japanese and English in many spellings; a number alone means minutes."""
    assert parse_typed_span(text) == span


@pytest.mark.parametrize("text", ["", "昼", "soon", "-5", "1.5h", "30m1h", "9999999d", "約"])
def test_a_typed_span_refuses(text: str) -> None:
    """A typed text that is no span of time is refused, for example one without a number."""
    with pytest.raises(ValueError, match=r".*"):
        parse_typed_span(text)
