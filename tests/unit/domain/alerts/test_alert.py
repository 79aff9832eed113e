"""What an alert of others is about, and which ones are the same."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.alerts.alert import (
    AlertEmbed,
    AlertMessage,
    AlertPart,
    severity_at_start,
)
from bot.domain.alerts.reading import read_message
from bot.domain.triage.session import Evidence

TARGETS = ("parky.co.jp", "api.parky.co.jp", "dev-*")
USUAL = (AlertPart.TITLE, AlertPart.TARGET)


def message(content: str = "", *embeds: AlertEmbed, author: str = "Parky API") -> AlertMessage:
    """An alert by a webhook."""
    said = Evidence(
        text=content,
        author_id=9,
        author_name=author,
        url="https://discord.com/channels/1/2/3",
        at=datetime(2026, 11, 24, tzinfo=UTC),
    )
    return AlertMessage(
        id=3,
        guild_id=1,
        channel_id=2,
        channel="p0-alerts",
        content=content,
        embeds=embeds,
        evidence=said,
        is_webhook=True,
        is_bot=True,
        is_ours=False,
        username=author,
        stand_in="#p0-alerts の通知 (Parky API)",
    )


def print_of(found: AlertMessage, parts: tuple[AlertPart, ...] = USUAL) -> str:
    """Return the fingerprint of a message that no pattern reads."""
    return read_message(found, (), ()).fingerprint(found, parts, target=found.target(TARGETS))


def same(*contents: str, parts: tuple[AlertPart, ...] = USUAL) -> bool:
    """Whether these count as one alert."""
    made = [message(content) for content in contents]
    return len({print_of(one, parts) for one in made}) == 1


@pytest.mark.parametrize(
    ("found", "title"),
    [
        (message("@here **[P0]** 決済 API が 5xx\n詳細は後で"), "[P0] 決済 API が 5xx"),
        (message("ignored", AlertEmbed(title="**Latency** high")), "Latency high"),
        (message("\n  \n# Down", AlertEmbed(description="x")), "Down"),
        (message("", AlertEmbed(author="Grafana")), "Grafana"),
        (message("", AlertEmbed(description="first\nsecond")), "first"),
        (
            message("<@&12345678901234567> <:fire:12345678901234567> [disk full](https://x.test/a?b)"),
            ":fire: disk full",
        ),
        (message("<@123456789012345678>\n```\nboom\n```"), "boom"),
        (message(""), ""),
        (message("x" * 300), "x" * 199 + "…"),
    ],
)
def test_the_title_is_what_stands_first(found: AlertMessage, title: str) -> None:
    """The embed's title, else the first line that says something, without markup or mentions."""
    assert found.title == title


@pytest.mark.parametrize(
    ("found", "target"),
    [
        (message("api.parky.co.jp is down, see parky.co.jp"), "api.parky.co.jp"),
        (message("対象API.parky.co.jpで発生"), "api.parky.co.jp"),
        (message("https://parky.co.jp/health failed"), "parky.co.jp"),
        (message("xapi.parky.co.jp.example.com"), None),
        (message("dev-api is slow"), "dev-*"),
        (message("down", AlertEmbed(fields=(("Severity", "P0"), ("Service:", "`billing`")))), "billing"),
        (message("down", AlertEmbed(footer="env: prod · host=web-3 · 14:05")), "web-3"),
        (message("down", AlertEmbed(author="サービス：決済 API")), "決済 API"),
        (message("the service: is gone"), "is gone"),
        (message("nothing known"), None),
    ],
)
def test_the_target_is_one_of_the_policys_or_what_the_alert_calls_so(
    found: AlertMessage, target: str | None
) -> None:
    """The longest name wins; a name inside another is none."""
    assert found.target(TARGETS) == target


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("latency 812 ms on api", "latency 1,907.5 ms on api"),
        ("エラー率12%", "エラー率3.5%"),
        ("失敗 3 件 (14:05)", "失敗 12 件 (2026-11-24 14:06:01)"),
        ("at 2026-11-24T14:05:00+09:00", "at 2026-11-25T00:00:00.123Z"),
        ("since <t:1764000000:R>", "since <t:1764000999:R>"),
        ("trace 4bf92f3577b34da6", "trace 00f067aa0ba902b7"),
        ("req 0f8fad5b-d9cb-469f-a165-70867728950e", "req 7c9e6679-7425-40de-944b-e07fc1f90ae7"),
        ("https://s.test/i/1?id=2#top", "https://s.test/i/1?id=77"),
        ("**Disk**  full", "disk full"),
        ("5/12 pods", "3/12 pods"),
    ],
)
def test_figures_times_and_ids_make_no_difference(first: str, second: str) -> None:
    """Alerts that differ only in figures, times, ids or formatting are the same alert."""
    assert same(first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("api down", "web down"),
        ("eu-west-1 down", "eu-west-2 down"),
        ("api2 down", "api3 down"),
        ("10.0.0.2 down", "10.0.0.3 down"),
        ("HTTP 5xx", "HTTP 4xx"),
        ("down\napi.parky.co.jp", "down\nparky.co.jp"),
    ],
)
def test_names_make_a_difference(first: str, second: str) -> None:
    """Alerts that differ in a name count as different: better too many alerts than one that is missed."""
    assert not same(first, second)


def test_an_alert_that_cannot_be_read_is_known_by_its_channel_and_author() -> None:
    """An alert without readable text is identified by its channel and its author.

    Two monitors are two alerts, whichever parts of an alert the policy compares.
    """
    mine, other = message(""), message("", author="Sentry")
    for parts in (USUAL, (AlertPart.TARGET,)):
        first = print_of(mine, parts)
        assert first == print_of(replace(mine, id=4), parts)
        assert first != print_of(other, parts)
        assert first != print_of(replace(mine, channel_id=5), parts)


def test_an_alert_without_what_counts_is_known_by_its_title() -> None:
    """A policy that counts targets only must not take all alerts without one for the same."""
    assert not same("a is down", "b is down", parts=(AlertPart.TARGET,))
    assert same("api.parky.co.jp a", "api.parky.co.jp b", parts=(AlertPart.TARGET,))


@pytest.mark.parametrize(
    ("title", "word"),
    [
        ("[P0] down", "P0"),
        ("🚨 【Ｐ１】 遅い", "P1"),
        ("sev2: slow", "SEV2"),
        ("SEV1障害", "SEV1"),
        ("P0001 failed", None),
        ("API P0", None),
        ("", None),
    ],
)
def test_a_priority_or_a_severity_counts_at_the_start_only(title: str, word: str | None) -> None:
    """A priority or severity counts at the start of an alert's title; elsewhere it is a word like others."""
    assert severity_at_start(title, ["P0", "P1", "SEV1", "SEV2"]) == word


# Longer than any unit: "12 s" is one figure.
WORD = st.one_of(
    st.text("あいうえ障害", min_size=1, max_size=8),
    st.text("abcdefghijklmnopqrstuvwxyz", min_size=8, max_size=12),
)
FIGURE = st.one_of(
    st.decimals(0, 9999, places=2).map(str),
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(datetime.isoformat),  # noqa: DTZ001  # text
    st.from_regex(re.compile(r"[0-9]{1,4} ?(ms|s|%|MB)", re.ASCII), fullmatch=True),
)


@example(["marchant"], "0.00", "100.00")
@example(["あ", "amaaaaaa"], "0.00", "2020-01-01T00:00:00")
@given(st.lists(WORD, min_size=1, max_size=6), FIGURE, FIGURE)
def test_whatever_figure_stands_between_the_words(words: list[str], first: str, second: str) -> None:
    """Alerts that differ only in a figure between their words count as the same alert."""
    assert same(f"{words[0]} {first} {' '.join(words[1:])}", f"{words[0]} {second} {' '.join(words[1:])}")


NAME = st.sampled_from(["第{}駐車場", "精算機{}号", "gate {}", "port {}", "Lot #{}"])


@given(st.integers(0, 10**6), st.integers(0, 10**6), NAME)
def test_a_number_that_is_part_of_a_name_makes_a_difference(first: int, second: int, name: str) -> None:
    """Two car parks, two machines, two gates, two ports are two alerts, however high their numbers are."""
    assert same(f"{name.format(first)} is down", f"{name.format(second)} is down") == (first == second)


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_is_taken(content: str, more: str) -> None:
    """Lone surrogates and control characters included; one visible line comes out."""
    found = message(content, AlertEmbed(title=more, fields=((content, more),)))
    assert len(found.title) <= 200
    assert not {"\n", "\0"} & set(found.title)
    target = found.target(TARGETS)
    assert target is None or 1 <= len(target) <= 80
    assert len(print_of(found)) == 64
