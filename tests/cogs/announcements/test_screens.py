"""The screen behind [📣 告知], its form, and the button on the card."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.incident.incident import ByPerson, UsersAffected
from bot.domain.people import Person
from bot.domain.triage.tree import Text
from bot.services.incidents.queries import IncidentView, OfferedActions
from bot.ui.forms.fields import Submitted
from bot.ui.posts.incident.thread import thread_card
from bot.ui.screens.incident_console import show_screen
from bot.ui.screens.other_actions import others_screen
from bot.ui.words.wording import Voice
from cogs.announcements.capability import CAPABILITY
from cogs.announcements.posts import announced_details as announced
from cogs.announcements.posts import quoted_text
from cogs.announcements.rules import (
    AnnouncedEntry,
    Announcement,
    AnnouncementRules,
    AnnouncementState,
    AnnouncementStatus,
    AnnouncementText,
    FindingKind,
    PublishedVia,
    TextFinding,
    draft,
)
from cogs.announcements.screens import (
    announcement_form,
    announcement_screen,
    approval_screen,
    texts_of,
)
from cogs.announcements.use_cases import AnnouncementView, Approval
from tests.unit.ui import screens
from tests.unit.ui.samples import ACKNOWLEDGED, AT, JA, POLICY, RESOLVED, TEXTS, over_limits

LINE = CAPABILITY.console[0]
RULES = POLICY.of(AnnouncementRules)
WHO = ByPerson(1, "primary", AT)
BY = Person(1, "primary")
INVESTIGATING = AnnouncementState.INVESTIGATING
DRAFT = Announcement(
    incident_id=42,
    number=1,
    guild_id=7,
    version=3,
    state=INVESTIGATING,
    severity="SEV1",
    targets=ACKNOWLEDGED.targets,
    started_at=ACKNOWLEDGED.started_at,
    texts=draft(RULES, ACKNOWLEDGED, INVESTIGATING, zone=POLICY.timezone),
    drafted_by=WHO,
)
VIEW = AnnouncementView(ACKNOWLEDGED, DRAFT, INVESTIGATING, findings=(), sends=True)
EDITED = {"landing_page": AnnouncementText("詳しく", "long"), "x": AnnouncementText("短く", "short")}
LONG = dict.fromkeys(RULES.channels, AnnouncementText("障`<@1>" * 250, "*" * 1_000))


def shown(view: AnnouncementView, voice: Voice = screens.JA) -> list[dict[str, Any]]:
    """The components of the screen, as they are sent."""
    return list(announcement_screen(voice, view).to_components())  # type: ignore[no-untyped-call]


def test_the_draft_can_be_copied_alone_with_its_length() -> None:
    """Texts that are the same for both channels are one block; each language has its own."""
    blocks = [one["content"] for one in shown(VIEW)[0]["components"]]
    japanese = DRAFT.texts["x"].ja
    lengths = f"{len(japanese)}/400 · {RULES.channels['x'].length(japanese)}/280"
    assert blocks[1] == f"**LP · X** · 日本語 · {lengths}\n```\n{japanese}\n```"
    assert len(blocks) == 3
    edited = replace(VIEW, announcement=replace(DRAFT, texts=EDITED))
    assert len(shown(edited)[0]["components"]) == 5


@pytest.mark.parametrize("voice", screens.VOICES)
def test_the_buttons_carry_what_was_seen(voice: Voice) -> None:
    """The safe one first; what cannot be undone names the version."""
    ids = [one["custom_id"] for one in shown(VIEW, voice)[-1]["components"]]
    assert ids == [f"inc:v1:announcement-{act}:42:1:3" for act in ("edit", "send", "copied")]
    copied = shown(replace(VIEW, sends=False), voice)[-1]["components"]
    assert [one["custom_id"].split(":")[2] for one in copied] == ["announcement-edit", "announcement-copied"]


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (
            replace(VIEW, findings=(TextFinding("x", "ja", FindingKind.INTERNAL, "api.parky.co.jp"),)),
            "⚠️ X 日本語：内部の名前「api.parky.co.jp」が入っています。",
        ),
        (replace(VIEW, other_approvers=("secondary",)), "承認するのは @secondary です。"),
        (replace(VIEW, incident=replace(ACKNOWLEDGED, is_drill=True)), "訓練のため公開できません"),
    ],
)
def test_what_cannot_be_approved_says_why(view: AnnouncementView, words: str) -> None:
    """An announcement that cannot be approved says why, and can still be edited."""
    made = shown(view)
    assert words in str(made)
    assert [one["label"] for one in made[-1]["components"]] == ["編集"]


@pytest.mark.parametrize(
    ("announcement", "words"),
    [
        (DRAFT, "下書き · まだ公開されていません"),
        (replace(DRAFT, edited_by=WHO), "@primary が編集"),
        (DRAFT.approved(by=BY, at=AT), "承認 · 送信中"),
        (
            replace(DRAFT.approved(by=BY, at=AT), attempts=2, error="HTTP 503"),
            "再試行中 (2 回目)：HTTP 503",
        ),
        (replace(DRAFT, status=AnnouncementStatus.FAILED, error="HTTP 403"), "送れませんでした：HTTP 403"),
        (DRAFT.approved(by=BY, at=AT).published(PublishedVia.WEBHOOK, at=AT), "webhook で公開"),
    ],
)
def test_how_far_it_has_come_is_said(announcement: Announcement, words: str) -> None:
    """The screen says how far an announcement is: draft, edited, approved, retried, failed or published."""
    assert words in str(shown(replace(VIEW, announcement=announcement)))


def test_a_draft_about_an_earlier_state_says_so() -> None:
    """A draft about an earlier state than the current one says so, and can be drafted anew."""
    made = shown(replace(VIEW, state=AnnouncementState.IDENTIFIED))
    assert "⚠️ いまの状態は「原因特定」ですが、この文は「調査中」のものです。" in str(made)
    assert "下書きを作り直す" in str(made[-1])


def test_whoever_comes_second_is_told_who_was_first() -> None:
    """Whoever approves second is told who was first and when, and is offered no buttons."""
    done = DRAFT.approved(by=BY, at=AT).published(PublishedVia.COPY, at=AT)
    view = replace(VIEW, announcement=done)
    screen = approval_screen(screens.JA, Approval(view, is_new=False))
    assert "@primary が 11/24 14:07 JST に承認済みです。" in screens.words(screen)
    assert screens.presses(screen) == []


@pytest.mark.parametrize("voice", screens.VOICES)
def test_the_longest_texts_fit_into_the_form_and_the_screen(voice: Voice) -> None:
    """With the longest texts, an announcement's form and screen keep within Discord's limits."""
    longest = replace(DRAFT, texts=LONG, incident_id=10**18 - 1, number=10**6 - 1, version=10**6 - 1)
    assert screens.modal_faults(announcement_form(voice, longest)) == []
    kinds = [TextFinding("x", "ja", kind, "x" * 80) for kind in FindingKind] * 4
    view = replace(VIEW, announcement=longest, findings=tuple(kinds), state=AnnouncementState.RESOLVED)
    assert screens.over_limits(announcement_screen(voice, view)) == []


@pytest.mark.parametrize("locale", ["ja", "en-US"])
def test_a_channel_with_a_long_name_can_be_edited(locale: str) -> None:
    """A channel's name is cut to fit into the form's labels; each field still says its language."""
    channels = {name: replace(one, name=Text("告" * 80, "c" * 80)) for name, one in RULES.channels.items()}
    rules = replace(RULES, channels=channels)
    voice = Voice.of(TEXTS, POLICY.with_rules(rules), locale=locale)
    form = announcement_form(voice, DRAFT)
    assert screens.modal_faults(form) == []
    languages = ("日本語", "英語") if locale == "ja" else ("Japanese", "English")
    labels = [one["label"] for one in form.to_dict()["components"]]
    assert [label.rpartition("… · ")[2] for label in labels] == [*languages] * 2


def test_the_form_is_read_back() -> None:
    """The form of an announcement has one field for each channel and language, and is read back unchanged."""
    form = announcement_form(screens.JA, DRAFT).to_dict()
    fields = {one["component"]["custom_id"]: (one["component"]["value"],) for one in form["components"]}
    assert list(fields) == ["landing_page:ja", "landing_page:en", "x:ja", "x:en"]
    assert texts_of(Submitted({}, fields), POLICY) == DRAFT.texts


@pytest.mark.parametrize(
    ("changed", "is_there"),
    [
        ({"users_affected": UsersAffected.YES}, True),
        ({"users_affected": UsersAffected.NO}, False),
        ({"users_affected": None}, False),
        ({"users_affected": UsersAffected.YES, "severity": "SEV3"}, False),
        ({"users_affected": UsersAffected.YES, "is_private": True}, False),
    ],
)
def test_the_card_offers_it_while_users_are_affected(changed: dict[str, Any], is_there: bool) -> None:
    """The thread's card offers an announcement while an open incident affects users.

    It offers none for a SEV3, for a private incident, or once the incident is over.
    """
    card = thread_card(JA, replace(ACKNOWLEDGED, **changed))
    assert ("inc:v1:announce:42" in str(card["components"])) is is_there
    assert not over_limits(card)
    ended = thread_card(JA, replace(RESOLVED, users_affected=UsersAffected.YES))
    assert "announce" not in str(ended["components"])


def test_each_channels_words_are_in_the_thread_and_on_the_timeline() -> None:
    """A published announcement is quoted in the thread and on the timeline, by channel.

    The channels are in the policy's order; the same words for all of them are quoted once.
    """
    same = replace(DRAFT, texts=dict.fromkeys(("x", "landing_page"), EDITED["x"]))
    for one, quoted, told in (
        (same, "> 短く", ["調査中", "コピーして公開", "短く"]),
        (
            replace(DRAFT, texts=dict(reversed(EDITED.items()))),
            "**LP**\n> 詳しく\n**X**\n> 短く",
            ["調査中", "コピーして公開", "LP：詳しく", "X：短く"],
        ),
    ):
        said = one.as_published(PublishedVia.COPY)
        assert quoted_text(JA, said, limit=600) == quoted
        assert list(announced(JA, AnnouncedEntry(said=said), 600)) == told


def test_show_says_whether_users_are_affected_and_what_they_were_told() -> None:
    """`/incident show` has the effect on users, announcements and a button to write one (not for SEV3)."""
    done = DRAFT.approved(by=BY, at=AT).published(PublishedVia.COPY, at=AT)
    view = IncidentView(
        replace(ACKNOWLEDGED, users_affected=UsersAffected.UNKNOWN),
        lines=(),
        ladder=(),
        now=AT,
        own=((LINE, [done, replace(DRAFT, number=2)]),),
    )
    screen = show_screen(screens.JA, view)
    assert "**ユーザー影響：** 不明" in screens.words(screen)
    assert "**告知：** 1 件 · 最後は 11/24 14:07 JST · 調査中 · @primary" in screens.words(screen)
    assert "**告知の下書き：** 未承認" in screens.words(screen)
    for severity, is_offered in (("SEV1", True), ("SEV3", False)):
        incident = replace(ACKNOWLEDGED, severity=severity)
        others = others_screen(screens.JA, OfferedActions(incident, 103, False, frozenset()))
        assert ("inc:v1:announce:42" in screens.presses(others)) is is_offered
