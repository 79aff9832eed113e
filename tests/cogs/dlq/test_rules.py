"""The rules of undelivered notifications: what is asked for, how a button carries it, what is sent again."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.dlq import NO_ANSWER, Cursor, DlqFilter, DlqView
from bot.domain.errors import UserError
from cogs.dlq.rules import (
    Pings,
    Stripped,
    pings_of,
    prepared,
    read_view,
    with_period,
    with_status,
    written_view,
)

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 24, 14, 0, tzinfo=TOKYO)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of that November."""
    return datetime(2026, 11, day, hour, minute, tzinfo=TOKYO)


@pytest.mark.parametrize(
    ("typed", "hours", "since", "until"),
    [
        ("", 24, None, None),
        ("3h", 3, None, None),
        ("90分", 2, None, None),
        ("７日", 168, None, None),
        ("1h30m", 2, None, None),
        ("13:05", 24, at(24, 13, 5), None),
        ("昨日 23:00〜", 24, at(23, 23), None),
        ("昨日 23:00〜今日 9:00", 24, at(23, 23), at(24, 9)),
        ("2026-11-20 10:00 - 2026-11-20 12:30", 24, at(20, 10), at(20, 12, 30)),
        ("yesterday 23:00 to 9:00", 24, at(23, 23), at(24, 9)),
        ("11/20 10:00 から 11/20 11:00", 24, at(20, 10), at(20, 11)),
        ("5分前", 24, at(24, 13, 55), None),
    ],
)
def test_periods(typed: str, hours: int, since: datetime | None, until: datetime | None) -> None:
    """A typed period of the DLQ filter is read as hours back, as a beginning, or as beginning and end."""
    found = with_period(DlqFilter(severity="P0"), typed, now=NOW, timezone=TOKYO)
    assert found == DlqFilter(severity="P0", hours=hours, since=since, until=until)


@pytest.mark.parametrize(
    "typed",
    [
        "さっき",
        "30 年",
        "今日 23:00〜",
        "2020-01-01 10:00〜",
        "0h",
        "31日",
        "〜9:00",
        "9:00〜8:00",
        "2026-01",
        "99999999999日",
        "x" * 300,
    ],
)
def test_periods_that_cannot_be_read(typed: str) -> None:
    """Nonsense, nothing, too long ago, without a beginning, or with the end first."""
    with pytest.raises(UserError, match="dlq_period_unreadable"):
        with_period(DlqFilter(), typed, now=NOW, timezone=TOKYO)


@pytest.mark.parametrize(
    ("typed", "http", "status"),
    [
        ("", None, None),
        ("503", 503, None),
        ("HTTP 429", 429, None),
        ("http503 failed", 503, "failed"),
        ("応答なし", NO_ANSWER, None),
        ("No answer, GAVE_UP", NO_ANSWER, "GAVE_UP"),
        ("resolved", None, "resolved"),
        ("ＨＴＴＰ　５０３", 503, None),
        ("5030", None, "5030"),
    ],
)
def test_typed_status(typed: str, http: int | None, status: str | None) -> None:
    """One HTTP status and one state, in either order; a state keeps its capitals."""
    assert with_status(DlqFilter(), typed) == DlqFilter(http_status=http, status=status)


@pytest.mark.parametrize("typed", ["503 404", "failed resolved", "failed 503 sent"])
def test_two_of_a_kind_are_refused(typed: str) -> None:
    """A list has one of each."""
    with pytest.raises(UserError, match="dlq_status_unreadable"):
        with_status(DlqFilter(), typed)


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


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


def test_the_message_stays_and_the_rest_is_named() -> None:
    """Content and embeds; buttons, files, speech, pings and unknown keys are left out, each with a word."""
    made = prepared(
        {
            "content": "@everyone 満車",
            "embeds": [{"title": "t", "timestamp": "2020-01-01T00:00:00Z"}],
            "components": [{"type": 1}],
            "tts": True,
            "attachments": [{"id": 0}],
            "username": "spoof",
            "flags": 0,
        }
    )
    assert made.body == {
        "content": "@everyone 満車",
        "embeds": [{"title": "t", "timestamp": "2020-01-01T00:00:00Z"}],
        "allowed_mentions": {"parse": []},
    }
    assert made.stripped == Stripped(True, components=True, tts=True, attachments=True, keys=("username",))
    assert made.has_embeds


@pytest.mark.parametrize(
    "payload", [None, [], "x", 5, {}, {"content": ""}, {"content": 5}, {"embeds": [1, {}]}]
)
def test_nothing_to_send_is_no_error(payload: object) -> None:
    """A payload may be anything: another program wrote it."""
    assert prepared(payload).is_empty


@given(JSON)
def test_any_payload_makes_a_body_that_pings_no_one(payload: object) -> None:
    """Any stored payload makes a JSON body of known keys that pings no one."""
    made = prepared(payload)
    assert made.body["allowed_mentions"] == {"parse": []}
    assert made.body.keys() <= {"content", "embeds", "allowed_mentions"}
    json.dumps(made.body)


@pytest.mark.parametrize(
    ("payload", "pings"),
    [
        ({"content": "@here x"}, Pings(here=True)),
        ({"content": "@everyone <@5> <@!6> <@&7>"}, Pings(everyone=True, roles=(7,), users=(5, 6))),
        ({"content": "@everyoneの皆さん、@hereの皆さん"}, Pings(everyone=True, here=True)),
        ({"content": "@here", "allowed_mentions": {"parse": []}}, Pings()),
        ({"content": "@here <@5>", "allowed_mentions": {"parse": ["everyone"]}}, Pings(here=True)),
        ({"content": "<@5> <@6>", "allowed_mentions": {"users": ["6", "9"]}}, Pings(users=(6,))),
        ({"content": "<@&5>", "allowed_mentions": {"parse": ["roles"]}}, Pings(roles=(5,))),
        ({"content": "<@5>", "allowed_mentions": None}, Pings(users=(5,))),
        ({"content": "x@hereford.example"}, Pings()),
        ({"embeds": [{"description": "@here <@5>"}]}, Pings()),
        ({"content": ["@here"]}, Pings()),
    ],
)
def test_whom_it_would_ping(payload: dict[str, object], pings: Pings) -> None:
    """The content of a message and its allowed mentions decide whom the message would ping.

    Source: Discord's docs, Allowed Mentions.
    """
    assert pings_of(payload) == pings


def test_kept_mentions_allow_no_one_else() -> None:
    """Kept mentions are @here and the ids of the mentioned roles and users, never all roles or users."""
    made = prepared({"content": "@here <@5> <@&7>"}, keeps_mentions=True)
    assert made.body["allowed_mentions"] == {"parse": ["everyone"], "roles": ["7"], "users": ["5"]}
    assert not made.stripped.mentions
