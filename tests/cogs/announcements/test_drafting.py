"""The first words for users: by severity, state and targets, without a name of ours."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, Phase, StatusUpdate, StatusUpdates, UsersAffected
from bot.domain.people import Person
from bot.domain.triage.tree import Text
from bot.runbook import load_policy
from cogs.announcements.rules import (
    AnnouncementRules,
    AnnouncementState,
    AnnouncementText,
    FindingKind,
    draft,
    findings_in,
    internal_names,
    state_of,
)
from tests.cogs.announcements.samples import incident
from tests.unit.ui.samples import AT, RESOLVED

POLICY = load_policy(None)
RULES = POLICY.of(AnnouncementRules)
INVESTIGATING = AnnouncementState.INVESTIGATING


def drafted(about: Incident, state: AnnouncementState = INVESTIGATING) -> AnnouncementText:
    """The draft for X."""
    return draft(RULES, about, state, zone=POLICY.timezone)["x"]


def test_a_draft_says_when_where_and_how_bad() -> None:
    """A draft says in both languages when, where and how bad it is, in words that users know."""
    words = drafted(incident())
    assert words.ja.startswith("11/24 14:05 頃から、Parky アプリで重大な障害が発生しています。")
    assert words.en.startswith(
        "There has been a serious problem with the Parky app since about 14:05 JST on Nov 24."
    )


@pytest.mark.parametrize("state", ["investigating", "identified", "reopened"])
def test_a_draft_says_how_users_are_affected_as_the_last_update_does(state: str) -> None:
    """The sentence of the last status update is in the draft of its own language, with a full stop."""
    said = StatusUpdate("プールが枯渇", "2 階で\nカード決済ができません", AT, "primary")
    about = incident(updates=StatusUpdates(last=said))
    words = drafted(about, AnnouncementState(state))
    assert "。2 階で カード決済ができません。" in words.ja
    assert "カード" not in words.en
    english = incident(updates=StatusUpdates(last=replace(said, impact="Cards fail on floor 2")))
    words = drafted(english, AnnouncementState(state))
    assert ". Cards fail on floor 2. We are" in words.en
    assert "Cards" not in words.ja
    for over in (AnnouncementState.MONITORING, AnnouncementState.RESOLVED):
        assert "カード" not in drafted(about, over).ja


@pytest.mark.parametrize("impact", ["api-worker-2 が 5xx", "INC-42 の続き", "@here 全員", "あ" * 290])
def test_an_impact_that_users_must_not_read_or_that_does_not_fit_is_left_out(impact: str) -> None:
    """Names of ours, mentions, and what is longer than a post on X; the rest is the draft without it."""
    about = incident(updates=StatusUpdates(last=StatusUpdate("x", impact, AT, "primary")))
    words = draft(
        RULES, about, INVESTIGATING, zone=POLICY.timezone, internal=internal_names(["api-worker-2"])
    )
    assert words["x"] == drafted(incident())


def test_it_never_names_what_users_do_not_know() -> None:
    """A draft names no target without a public name, and neither title, number nor severity."""
    words = drafted(incident(targets=("admin.parky.co.jp", "dev-*"), severity="SEV2"))
    assert "一部の機能で不具合が" in words.ja
    assert "a problem with some features" in words.en
    both = drafted(incident(targets=("api.parky.co.jp", "admin.parky.co.jp")))
    assert "Parky アプリ、一部の機能で" in both.ja
    assert "the Parky app and some features" in both.en
    for said in (words.ja, words.en, both.ja, both.en):
        assert not any(name in said for name in ("admin", "5xx", "INC-", "SEV"))


def test_names_that_do_not_fit_give_way() -> None:
    """A post has room for few."""
    names = MappingProxyType({name: Text(name * 20, name * 20) for name in POLICY.targets})
    rules = replace(RULES, names=names)
    words = draft(rules, incident(targets=POLICY.targets), INVESTIGATING, zone=POLICY.timezone)
    assert "一部の機能で" in words["x"].ja
    assert findings_in(replace(rules, channels={"x": rules.channels["x"]}), words, internal=[]) == []


def test_a_drill_says_so_first() -> None:
    """A copy of it misleads no one."""
    words = drafted(incident(is_drill=True))
    assert (words.ja[:4], words.en[:7]) == ("【訓練】", "[DRILL]")


def test_the_teams_own_words_replace_the_drafts() -> None:
    """The team's own text for a state replaces the bot's draft on each channel.

    Its placeholders are filled in. The drafts for other states stay the bot's.
    """
    own = Text("{targets}の{effect}", "{effect} of {targets} at {start}")
    rules = replace(RULES, texts=MappingProxyType({AnnouncementState.RESOLVED: own}))
    words = draft(rules, RESOLVED, AnnouncementState.RESOLVED, zone=POLICY.timezone)
    own_words = AnnouncementText(
        "Parky アプリの重大な障害", "serious problem of the Parky app at 14:05 JST on Nov 24"
    )
    assert words == dict.fromkeys(RULES.channels, own_words)
    assert draft(rules, incident(), INVESTIGATING, zone=POLICY.timezone)["x"] == drafted(incident())


@pytest.mark.parametrize(
    ("about", "told", "state"),
    [
        (incident(), None, "investigating"),
        (incident(phase=Phase.IDENTIFIED), None, "identified"),
        (incident(phase=Phase.MONITORING), "identified", "monitoring"),
        (incident(users_affected=UsersAffected.NO), "investigating", "monitoring"),
        (RESOLVED, "investigating", "resolved"),
        (incident(), "resolved", "reopened"),
        (incident(), "reopened", "reopened"),
        (incident(phase=Phase.IDENTIFIED), "reopened", "identified"),
    ],
)
def test_the_state_follows_the_incident(about: Incident, told: str | None, state: str) -> None:
    """The state of an announcement follows the incident.

    What users were told last only decides whether an open incident without a phase is called reopened.
    """
    assert state_of(about, last=None if told is None else AnnouncementState(told)) == state


def test_a_false_alarm_is_over_for_users_too() -> None:
    """A cancelled incident that users were told about counts as resolved for them, as after any other end."""
    ended = transitions.cancel(incident(), by=Person(1, "a"), at=AT)
    assert state_of(ended, last=INVESTIGATING) is AnnouncementState.RESOLVED


INTERNAL = internal_names([*POLICY.targets, "public", "store-sync", "parky-public"])


@pytest.mark.parametrize(
    ("words", "kind", "what"),
    [
        (" \n", FindingKind.EMPTY, ""),
        ("障" * 141, FindingKind.TOO_LONG, ""),
        ("障害はapi.parky.co.jp です", FindingKind.INTERNAL, "api.parky.co.jp"),
        ("https://API.parky.co.jp/v1 が", FindingKind.INTERNAL, "API.parky.co.jp"),
        ("dev-api の", FindingKind.INTERNAL, "dev-api"),
        ("store-sync worker", FindingKind.INTERNAL, "store-sync"),
        ("inc-42 の件", FindingKind.INTERNAL, "inc-42"),
        ("障害INC-42の続報", FindingKind.INTERNAL, "INC-42"),
        ("障害ＩＮＣ－４２の続報", FindingKind.INTERNAL, "INC-42"),
        ("@everyone へ", FindingKind.MENTION, "@everyone"),
        ("<@!123> に", FindingKind.MENTION, "<@!123>"),
        ("token: [masked:token]", FindingKind.MASKED, ""),
    ],
)
def test_what_users_must_not_read_is_found(words: str, kind: FindingKind, what: str) -> None:
    """Every mistake in a text for users is found with its kind and language, such as an internal name."""
    rules = replace(RULES, channels={"x": RULES.channels["x"]})
    found = findings_in(rules, {"x": AnnouncementText(words, "fine")}, internal=INTERNAL)
    assert [(one.language, one.kind, one.what) for one in found] == [("ja", kind, what)]


@pytest.mark.parametrize(
    "words",
    [
        "最新の状況は https://parky.co.jp/status をご覧ください",
        "The public website is slow. @ParkySupport helps.",
        "myapi.parky.co.jp.example.com",
    ],
)
def test_what_users_may_read_is_left_alone(words: str) -> None:
    """The site's own address, plain words that are a worker's name, people on X, other hosts."""
    rules = replace(RULES, channels={"x": RULES.channels["x"]})
    assert findings_in(rules, {"x": AnnouncementText(words, words)}, internal=INTERNAL) == []
