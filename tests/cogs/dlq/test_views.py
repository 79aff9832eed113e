"""What a button of the DLQ's console carries."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.dlq.views import Cursor, DlqFilter, DlqView
from cogs.dlq.rules import read_view, written_view

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
WORDS = st.none() | st.text(max_size=30)
FILTERS = st.builds(
    DlqFilter,
    hours=st.integers(1, 720),
    severity=WORDS,
    channel=WORDS,
    http_status=st.none() | st.integers(0, 599),
    status=WORDS,
    text=WORDS,
    since=st.none() | MOMENTS,
    until=st.none() | MOMENTS,
)
CURSORS = st.none() | st.builds(Cursor, MOMENTS, st.text(min_size=1, max_size=40), st.booleans())


@given(st.builds(DlqView, FILTERS, CURSORS))
def test_a_view_is_read_back_as_it_was_written(view: DlqView) -> None:
    """A view of the DLQ is read back as it was written, whatever people have typed.

    The written text has no line break.
    """
    text = written_view(view)
    assert read_view(text) == view
    assert "\n" not in text
    assert "\r" not in text


def test_an_everyday_view_fits_a_button() -> None:
    """A filter and a place in the list among uuids."""
    at = datetime(2026, 11, 24, 5, 7, 1, 234567, tzinfo=UTC)
    cursor = Cursor(at, "00000000-0000-4000-8000-000000000001")
    view = DlqView(DlqFilter(severity="P0", channel="p0-alerts", http_status=503), cursor)
    assert len(written_view(view)) <= 80


@pytest.mark.parametrize("text", ["x503x", "h9999999999x", "azzzzzzzzzzzzzzzzzz", "a-"])
def test_what_is_no_view_is_refused(text: str) -> None:
    """A custom id that is no view, for example of a later version, is refused."""
    with pytest.raises(ValueError, match=r"."):
        read_view(text)


def test_hours_stay_within_what_is_listed() -> None:
    """Hours in a button's custom id, which anybody can make up, are limited to 1 to 720."""
    assert read_view("h99999").filter.hours == 720
    assert read_view("h0").filter.hours == 1
