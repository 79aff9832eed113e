"""The start time as people type it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.calendar.typed_times import (
    OLDEST,
    InvalidStartTime,
    StartTimeInFuture,
    StartTimeTooOld,
    names_day,
    parse_start_time,
)
from bot.domain.errors import UserError

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 24, 14, 7, 30, tzinfo=TOKYO)
NIGHT = datetime(2026, 11, 24, 0, 10, tzinfo=TOKYO)
NEW_YEAR = datetime(2027, 1, 1, 0, 10, tzinfo=TOKYO)


def start(text: str, now: datetime = NOW) -> str:
    """What *text* means, as a local time."""
    return f"{parse_start_time(text, now=now, timezone=TOKYO):%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize("text", ["", "  ", "now", "NOW", "今", "いま", "　今　"])
def test_now(text: str) -> None:
    """A start time that is empty, or the word "now" in Japanese or English, means now."""
    assert parse_start_time(text, now=NOW, timezone=TOKYO) == NOW


@pytest.mark.parametrize(
    "text",
    [
        "14:05",
        "１４：０５",
        "14:05:00",
        "14:05 JST",
        "14:05頃",
        "14時5分",
        "今日 14:05",
        "today 14:05",
        "2026-11-24 14:05",
        "2026/11/24 14:05",
        "2026-11-24T14:05",
        "2026-11-24 14:05:00 JST",
        "2026-11-24T05:05:00Z",
        "2026-11-24T05:05:00.000+00:00",
        "11/24 14:05",
        "11-24 14:05",
        "１１／２４　１４：０５",
        "11月24日 14:05",
        "11月24日14時5分",
        "2026年11月24日 14:05",
    ],
)
def test_one_moment_many_ways(text: str) -> None:
    """Each of these ways to type a time is read as five past two today."""
    assert start(text) == "2026-11-24 14:05:00"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5分前", "14:02:30"),
        ("５分前", "14:02:30"),
        ("約5分前", "14:02:30"),
        ("5 min ago", "14:02:30"),
        ("5 Minutes ago", "14:02:30"),
        ("2時間前", "12:07:30"),
        ("2h ago", "12:07:30"),
        ("1時間30分前", "12:37:30"),
        ("1h30m ago", "12:37:30"),
        ("30秒前", "14:07:00"),
    ],
)
def test_ago(text: str, expected: str) -> None:
    """A span of time in Japanese or English is read as so long before now."""
    assert start(text) == f"2026-11-24 {expected}"


@pytest.mark.parametrize(
    ("text", "now", "expected"),
    [
        ("23:50", NIGHT, "2026-11-23 23:50:00"),  # just after midnight: last night
        ("昨日 23:50", NOW, "2026-11-23 23:50:00"),
        ("yesterday 23:50", NOW, "2026-11-23 23:50:00"),
        ("1日前", NOW, "2026-11-23 14:07:30"),
        ("12/31 23:50", NEW_YEAR, "2026-12-31 23:50:00"),  # just after New Year: last year
        ("14:08", NOW, "2026-11-24 14:07:30"),  # a phone a little ahead: now
    ],
)
def test_the_day_it_most_likely_belongs_to(text: str, now: datetime, expected: str) -> None:
    """A time of day over 12 hours ahead is of yesterday; a date over half a year ahead is of last year.

    A time that is less than a minute ahead is read as now.
    """
    assert start(text, now) == expected


@pytest.mark.parametrize(
    "text", ["14:09", "23:50", "11/25 10:00", "12/31 23:50", "2027-01-01 00:00", "2026-11-24T05:09Z"]
)
def test_the_future_is_refused(text: str) -> None:
    """A start time in the future is refused, because trouble does not begin later than it is reported."""
    with pytest.raises(StartTimeInFuture) as refused:
        start(text)
    assert refused.value.key == "triage.start_time_in_future"
    assert refused.value.fields["text"] == text


@pytest.mark.parametrize(
    "text",
    [
        "foo",
        "25:00",
        "14:60",
        "2/30 10:00",
        "5分",
        "1405",
        "14:05 UTC",
        "ago",
        "11/24",
        "0000-01-01 00:00",
        "5分前\0",
    ],
)
def test_the_unreadable_is_refused_with_examples(text: str) -> None:
    """The reply can show what would be understood."""
    with pytest.raises(InvalidStartTime) as refused:
        start(text)
    assert refused.value.key == "triage.start_time_unreadable"
    assert refused.value.fields == {
        "text": text,
        "example_time": "14:07",
        "example_ago_ja": "5分前",
        "example_ago_en": "5 min ago",
        "example_date": "2026-11-24 14:07",
    }


def test_the_examples_are_understood() -> None:
    """The examples that the refusal of a start time proposes can be read."""
    fields = InvalidStartTime("?", now=NOW).fields
    for name in ("example_time", "example_ago_ja", "example_ago_en", "example_date"):
        assert parse_start_time(str(fields[name]), now=NOW, timezone=TOKYO) <= NOW


@pytest.mark.parametrize("text", ["2025-11-24 14:05", "366 days ago", "99999d ago"])
def test_over_a_year_back_is_a_slip(text: str) -> None:
    """A start over a year back is refused as a slip, since it would spoil every figure."""
    with pytest.raises(StartTimeTooOld) as refused:
        start(text)
    assert refused.value.fields["days"] == 365


def test_a_time_that_dst_skips_moves_on() -> None:
    """A start time that DST skips moves on: 02:30 on the night that skips it becomes 03:30."""
    berlin = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 3, 29, 9, 0, tzinfo=berlin)
    assert f"{parse_start_time('02:30', now=now, timezone=berlin):%H:%M}" == "03:30"


@given(
    st.one_of(
        st.text(),
        st.from_regex(r"\d{1,4}[-/:分h月]?\d{1,2}[ :日]?\d{0,2}:?\d{0,2}(前| ago)?", fullmatch=True),
    ),
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(TOKYO)),  # noqa: DTZ001  # gets the zone
)
def test_any_text_gives_a_moment_in_range_or_a_refusal(text: str, now: datetime) -> None:
    """Any text that people type gives a moment in range or a refusal, never another error."""
    try:
        found = parse_start_time(text, now=now, timezone=TOKYO)
    except UserError:
        return
    assert now - OLDEST <= found <= now


@given(st.integers(0, 59), st.integers(0, 23))
def test_recent_minutes_are_read_back(minutes: int, hours: int) -> None:
    """A time of day of the last twelve hours means that very minute, across midnight too."""
    now = NOW.replace(hour=hours, second=0)
    moment = now - timedelta(minutes=minutes * 12)
    assert parse_start_time(f"{moment:%H:%M}", now=now, timezone=TOKYO) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("午後2時", "24 14:00"),
        ("午後２時５分", "24 14:05"),
        ("午後1時半", "24 13:30"),
        ("午後 1:30", "24 13:30"),
        ("午前9時", "24 09:00"),
        ("午後0時半", "24 12:30"),
        ("午後12時半", "24 12:30"),
        ("午前12時10分", "24 00:10"),
        ("午後13時", "24 13:00"),
        ("今日の13時", "24 13:00"),
        ("13時半ごろ", "24 13:30"),
        ("2pm", "24 14:00"),
        ("2 PM", "24 14:00"),
        ("1:45 p.m.", "24 13:45"),
        ("12:30am", "24 00:30"),
        ("12pm", "24 12:00"),
        ("昨日の23時", "23 23:00"),
        ("昨日の午後11時半", "23 23:30"),
        ("きのう２３時", "23 23:00"),
        ("一昨日の23:00", "22 23:00"),
        ("おととい 9時", "22 09:00"),
        ("yesterday 23:00", "23 23:00"),
        ("yesterday at 11pm", "23 23:00"),
        ("11月23日の午後3時", "23 15:00"),
        ("11/23 3pm", "23 15:00"),
        ("1時間半前", "24 12:37"),
        ("１時間半 前", "24 12:37"),
        ("1日半前", "23 02:07"),
        ("30分ほど前", "24 13:37"),
        ("90 min ago", "24 12:37"),
        ("an hour ago", "24 13:07"),
        ("half an hour ago", "24 13:37"),
    ],
)
def test_as_people_say_it(text: str, moment: str) -> None:
    """A start time is read as people say it on the phone at night, such as 昨日の午後11時半 or 2pm."""
    assert start(text)[8:16] == moment


def test_an_hour_in_the_afternoon_that_is_over_was_yesterdays() -> None:
    """At 00:10, 午後11時 and 11pm are read as last night's, as 23:00 is."""
    assert start("午後11時", NIGHT) == "2026-11-23 23:00:00"
    assert start("11pm", NIGHT) == "2026-11-23 23:00:00"


@pytest.mark.parametrize("text", ["午前13時", "13am", "午後25時", "午後", "3時間", "半前", "昨日の", "3 pmx"])
def test_no_such_time_of_day(text: str) -> None:
    """A time of day that does not exist or is not complete is refused, not guessed."""
    with pytest.raises(InvalidStartTime):
        start(text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("23:59", False),
        ("午後11時", False),
        ("11pm JST", False),
        ("昨日の23時", True),
        ("11/23 23:59", True),
        ("2026-11-23T23:59+09:00", True),
        ("5分前", True),
        ("", True),
    ],
)
def test_which_day_is_meant(text: str, names: bool) -> None:
    """A bare time of day does not say which day it means; a date, a word or a span does."""
    assert names_day(text) is names
