"""Moments that lie ahead, as people type them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.oncall.moments import UnreadableMoment, parse_later

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 24, 14, 5, tzinfo=TOKYO)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("18:00", "2026-11-24 18:00"),
        ("9:00", "2026-11-25 09:00"),  # it is past nine: tomorrow's
        ("１８：００", "2026-11-24 18:00"),
        ("18時", "2026-11-24 18:00"),
        ("18:00 JST", "2026-11-24 18:00"),
        ("明日 9:00", "2026-11-25 09:00"),
        ("明後日9時30分", "2026-11-26 09:30"),
        ("tomorrow 9:00", "2026-11-25 09:00"),
        ("今日 9:00", "2026-11-24 09:00"),  # past, and said so
        ("8h", "2026-11-24 22:05"),
        ("in 2 days", "2026-11-26 14:05"),
        ("3時間後", "2026-11-24 17:05"),
        ("1h30m", "2026-11-24 15:35"),
        ("11/30 10:00", "2026-11-30 10:00"),
        ("11月30日10時", "2026-11-30 10:00"),
        ("1/5 10:00", "2027-01-05 10:00"),  # next year's
        ("2026-12-01 10:00", "2026-12-01 10:00"),
        ("2026-12-01T01:00:00Z", "2026-12-01 10:00"),
        ("今", "2026-11-24 14:05"),
    ],
)
def test_what_is_understood(text: str, at: str) -> None:
    """Times and spans in the usual notations of Japanese and English are read in the team's zone."""
    assert parse_later(text, now=NOW) == datetime.fromisoformat(at).replace(tzinfo=TOKYO)


def test_an_end_counts_from_its_beginning() -> None:
    """The end of a shift is read from its beginning: "8h" lasts from then, and "18:00" is on that day."""
    base = NOW.replace(hour=9) + timedelta(days=1)
    assert parse_later("8h", now=NOW, base=base) == base + timedelta(hours=8)
    assert parse_later("18:00", now=NOW, base=base) == base.replace(hour=18, minute=0)


@pytest.mark.parametrize(
    "text", ["", "soon", "25:00", "2/30 10:00", "99999 days", "2030-01-01 10:00", "8", "10"]
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    """A text that is no time, or one too far away, is refused with an example of what would be read."""
    with pytest.raises(UnreadableMoment) as refused:
        parse_later(text, now=NOW)
    assert refused.value.fields["example_date"] == "11/25 10:00"


def test_a_span_is_as_long_as_it_says_across_a_change_of_the_clocks() -> None:
    """24 h from Saturday noon is Sunday 11:00 when summer time ends."""
    berlin = ZoneInfo("Europe/Berlin")
    saturday = datetime(2026, 10, 24, 12, tzinfo=berlin)
    assert parse_later("24h", now=saturday) == datetime(2026, 10, 25, 11, tzinfo=berlin)
    assert parse_later("tomorrow 12:00", now=saturday) == datetime(2026, 10, 25, 12, tzinfo=berlin)
