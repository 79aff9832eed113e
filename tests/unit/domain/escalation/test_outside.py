"""By which ways, to whom and when the pages of a step leave Discord."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.delivery.delivery import PATIENCE
from bot.domain.escalation.pages import OutsidePage, OutsideRules
from bot.domain.oncall.people import NotifySettings, OnCallPerson, QuietHours, is_ntfy, is_pushover
from bot.domain.paging import Also, Way
from bot.domain.severity import LadderStep
from bot.runbook import load_policy

TOKYO = ZoneInfo("Asia/Tokyo")
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=TOKYO)
MIDNIGHT = datetime(2026, 11, 24, 23, 30, tzinfo=TOKYO)
BARE = OnCallPerson("primary", "primary")
FULL = replace(BARE, email="primary@example.com", ntfy="topic", pushover="k" * 30)
OWN = NotifySettings(
    1, "primary", ways=(Also.PUSH,), wait=timedelta(minutes=5), quiet=QuietHours(time(22), time(7))
)
SEV1, SEV3 = (load_policy(None).severities[name] for name in ("SEV1", "SEV3"))


def pages(
    also: Sequence[Also],
    who: OnCallPerson,
    *,
    now: datetime = NOON,
    is_mailed: bool = False,
    quiet: bool = False,
) -> list[OutsidePage]:
    """The pages of a step that calls one person."""
    rules = OutsideRules(SEV3 if quiet else SEV1, is_mailed=is_mailed, timezone=TOKYO)
    return rules.pages(LadderStep(None, dm=("primary",), also=tuple(also)), {"primary": who}, now=now)


def test_a_push_goes_by_each_service_where_the_person_has_an_address() -> None:
    """A person is paged outside Discord only where they have an address, by each push service of theirs.

    PagerDuty and the webhook, which page by themselves, get one page for the whole step.
    """
    every = [Also.EMAIL, Also.PUSH, Also.PAGERDUTY, Also.WEBHOOK]
    assert [(page.way, page.place) for page in pages(every, FULL)] == [
        (Way.EMAIL, "primary"),
        (Way.NTFY, "primary"),
        (Way.PUSHOVER, "primary"),
        (Way.PAGERDUTY, None),
        (Way.WEBHOOK, None),
    ]
    assert [page.way for page in pages(every, BARE)] == [Way.PAGERDUTY, Way.WEBHOOK]
    assert pages([], FULL) == []


def test_nobody_gets_two_emails_for_one_step() -> None:
    """One goes to everybody with the step already."""
    assert pages([Also.EMAIL], FULL, is_mailed=True) == []


def test_what_a_person_chose_comes_after_their_wait_and_takes_nothing_away() -> None:
    """Ways of paging that a person chose come after their wait; those of the step keep their own time.

    A push that the step names as well goes at once, since the team has decided so.
    """
    own = replace(FULL, notify=OWN)
    assert [(page.way, page.wait) for page in pages([], own)] == [
        (Way.NTFY, OWN.wait),
        (Way.PUSHOVER, OWN.wait),
    ]
    both = {page.way: page.wait for page in pages([Also.EMAIL, Also.PUSH], own)}
    assert both == {Way.EMAIL: PATIENCE, Way.NTFY: timedelta(), Way.PUSHOVER: timedelta()}


def test_a_persons_own_address_comes_before_the_policys() -> None:
    """A person's own ntfy address replaces the policy's; without one of their own, the policy's is used."""
    own = replace(FULL, notify=replace(OWN, ntfy="mine"))
    assert (own.address(Way.NTFY), own.address(Way.PUSHOVER)) == ("mine", FULL.pushover)


def test_quiet_hours_hold_back_what_is_not_urgent() -> None:
    """Quiet hours hold back the push of a SEV3 until they end; a SEV1 is pushed at once."""
    own = replace(FULL, notify=OWN)
    (push, *_) = pages([Also.PUSH], own, now=MIDNIGHT, quiet=True)
    assert MIDNIGHT + push.wait == datetime(2026, 11, 25, 7, 0, tzinfo=TOKYO)
    assert {page.wait for page in pages([Also.PUSH], own, now=MIDNIGHT)} == {timedelta()}
    assert {page.wait for page in pages([Also.PUSH], own, now=NOON, quiet=True)} == {timedelta()}


@pytest.mark.parametrize(
    ("start", "end", "hour", "expected"),
    [(22, 7, 22, 31), (22, 7, 3, 7), (22, 7, 7, 7), (22, 7, 21, 21), (9, 17, 10, 17), (9, 17, 8, 8)],
)
def test_quiet_hours_may_pass_midnight(start: int, end: int, hour: int, expected: int) -> None:
    """Hours of 24 November; 31 is 07:00 of the next day."""
    quiet, day = QuietHours(time(start), time(end)), datetime(2026, 11, 24, tzinfo=TOKYO)
    ends = quiet.end_after((day + timedelta(hours=hour)).astimezone(UTC), TOKYO)
    assert ends == day + timedelta(hours=expected)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("parky-alice_x7Kq", True),
        ("https://ntfy.example.com/alice", True),
        ("https://ntfy.example.com/base/alice", True),
        ("http://ntfy.example.com/alice", False),
        ("https://user:pass@ntfy.example.com/alice", False),
        ("https://ntfy.example.com/", False),
        ("two words", False),
        ("", False),
    ],
)
def test_an_ntfy_address_is_a_topic_or_an_https_address(text: str, fits: bool) -> None:
    """An address for ntfy is a topic, or an HTTPS address with a topic and without credentials."""
    assert is_ntfy(text) is fits


def test_a_pushover_key_has_thirty_letters_and_digits() -> None:
    """A Pushover key with 29 characters, or with a hyphen among its 30, is refused."""
    assert is_pushover("k" * 30)
    assert not is_pushover("k" * 29)
    assert not is_pushover("k" * 29 + "-")


def test_no_address_is_in_a_text_of_a_person() -> None:
    """The text form of a person shows no address for pages, because logs and errors print values."""
    own = replace(FULL, notify=replace(OWN, ntfy="secret-topic"))
    assert "secret-topic" not in repr(own)
    assert "k" * 30 not in f"{own!r}{own.notify!r}"
