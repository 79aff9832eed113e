"""Alerts that come as events: when two are the same, how severe one is, how they sort among messages."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import discord
import pytest

from bot.domain.alerts.events import AlertEvent, AlertSender, event_id
from bot.domain.alerts.recognition import Says
from bot.domain.severity import SeverityPolicy
from bot.runbook import load_policy

NOON = datetime(2026, 12, 1, 12, 0, 0, 123_000, tzinfo=UTC)
SENTRY = AlertSender("sentry", "Sentry", "SEV2", {"fatal": "SEV1"})


def event(
    title: str = "p99 is 812 ms",
    *,
    says: Says = Says.FIRING,
    key: str = "",
    target: str | None = None,
    severity: str | None = None,
    url: str | None = None,
) -> AlertEvent:
    """An event that fires."""
    return AlertEvent(says, key, title, target, severity, url)


def severities() -> list[SeverityPolicy]:
    """Parky's."""
    return list(load_policy(None).severities.values())


def test_a_recovery_has_the_fingerprint_of_what_fired() -> None:
    """A recovery with the monitor's key has the fingerprint of the alert, even under another title.

    The target may differ as well; the same key of another monitor makes another fingerprint.
    """
    fired, over = event(key="4711"), event("ok", key="4711", target="api", says=Says.RESOLVED)
    assert fired.fingerprint("sentry") == over.fingerprint("sentry") != fired.fingerprint("grafana")


def test_without_a_key_title_and_target_make_one() -> None:
    """Events without a key have the same fingerprint if target and title agree, whatever figures it has."""
    assert event().fingerprint("x") == event("p99 is 907 ms").fingerprint("x")
    assert event().fingerprint("x") != event(target="api").fingerprint("x")


@pytest.mark.parametrize(
    ("said", "severity"),
    [("Fatal", "SEV1"), (None, "SEV2"), ("nobody knows", "SEV2"), ("P2", "SEV3"), (" sev1 ", "SEV1")],
)
def test_the_severity_is_in_the_monitors_words_or_in_ours(said: str | None, severity: str) -> None:
    """The severity of an event is read from the monitor's words or the policy's names and priorities.

    Any other word, or none, means the default severity of the source.
    """
    assert SENTRY.severity_of(event(severity=said), severities()) == severity


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://",
        "https://[",
        "https://a.example/ b",
        "https://a.example/\x00",
        "https://name:password@a.example/",
        "https://a.example/" + "x" * 500,
    ],
)
def test_a_button_leads_to_no_strange_address(url: str) -> None:
    """An event has no link if its address is one for which Discord would refuse the whole post."""
    assert event(url=url).link is None
    assert event(url="https://sentry.example/issues/1").link == "https://sentry.example/issues/1"


def test_a_link_ends_where_it_should() -> None:
    """Characters that would end a link too early are escaped in its address.

    What is escaped already, and the address of an IPv6 host, stay as they are.
    """
    found = event(url="https://a.example/a)(b<c>/%20?q=ü&x=[5m]#y").link
    assert found == "https://a.example/a%29%28b%3Cc%3E/%20?q=%C3%BC&x=%5B5m%5D#y"
    assert event(url="http://[::1]:9090/graph").link == "http://[::1]:9090/graph"


def test_a_monitors_own_name_stands_for_a_target_of_the_policy() -> None:
    """A monitor's own name for a target is replaced by the policy's target, whatever its case.

    Any other name stays as it is.
    """
    sender = replace(SENTRY, targets={"parky/app": "api.parky.co.jp"})
    named = [sender.target_of(event(target=name)) for name in ("Parky/App ", "parky/web", None)]
    assert named == ["api.parky.co.jp", "parky/web", ""]


def test_the_id_of_an_event_sorts_among_those_of_messages() -> None:
    """The id of an event is a Discord id: it sorts by time, and discord.py reads the time from it."""
    first, second = event_id(NOON, 7), event_id(NOON, 8)
    assert first < second < event_id(NOON + timedelta(milliseconds=1), 1) < 2**63
    assert discord.utils.snowflake_time(first) == NOON
