"""What the team reads of decisions about alerts, and of what alerts have waited for."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.alerts.decisions import (
    AlertDecision,
    AlertOutcome,
    DecisionCursor,
    DecisionDetail,
    DecisionFilter,
    DecisionPage,
    HoldingWindow,
    ShownDecision,
)
from bot.domain.incident.parts import AlertWait
from bot.services.alerts.decisions import PAGE_SIZE
from bot.ui.posts.renderer import render
from bot.ui.screens.alerts import PAGE, decisions_screen
from tests.unit.ui.alerts.test_tracked import NEW, QUIET
from tests.unit.ui.samples import AT, EN, JA
from tests.unit.ui.screens import JA as VOICE

DETAIL = DecisionDetail(rule=2, count=1, needed=3, within_s=600)
DECISION = AlertDecision(
    guild_id=7,
    sender="sentry",
    said_id=9_223_372_036_854_775_807,
    channel_id=0,
    said_at=AT,
    outcome=AlertOutcome.BELOW,
    label="Sentry",
    title="TypeError: card is null",
    url="https://sentry.example/issues/4711",
    target="api.parky.co.jp",
    detail=DETAIL,
)


def test_a_tracked_alert_says_what_it_has_waited_for() -> None:
    """A threshold, or the end of a window."""
    counted = replace(NEW, tracked=replace(NEW.tracked, waited=AlertWait(count=3, within_s=600)))
    assert "10 分に 3 回続いたため追跡" in str(render(JA, QUIET, counted)["content"])
    assert "3 times in 10 min" in str(render(EN, QUIET, counted)["content"])
    held = replace(NEW, tracked=replace(NEW.tracked, waited=AlertWait(count=3, window="api")))
    assert "Still firing after the maintenance of api" in str(render(EN, QUIET, held)["content"])


@pytest.mark.parametrize(("outcome", "number"), [(AlertOutcome.TRACKED, 10**12), (AlertOutcome.HELD, None)])
def test_a_page_of_decisions_fits_whatever_monitors_say(outcome: AlertOutcome, number: int | None) -> None:
    """A page of decisions fits Discord's limits and mentions nobody, whatever monitors say.

    So do the custom ids of its two buttons, which carry the page to show.
    """
    url = "https://x.example/" + "x" * 102
    long = replace(
        DECISION,
        incident_id=number,
        outcome=outcome,
        title="@everyone " * 50,
        label="*" * 300,
        target="_" * 300,
        url=url,
        guild_id=10**19,
        detail=replace(DETAIL, clues=(("*" * 60, "_" * 60),) * 3),
    )
    cursor = DecisionCursor(long.said_id, 999)
    page = DecisionPage(
        DecisionFilter("t" * 40, AlertOutcome.IGNORED_SENDER),
        (ShownDecision(long, False, 10**19, 10**19, HoldingWindow(AT, "*" * 300)),) * PAGE_SIZE,
        newer=replace(cursor, is_newer=True),
        older=cursor,
    )
    screen = decisions_screen(VOICE, page)
    texts = [item.content for item in screen.walk_children() if hasattr(item, "content")]
    assert sum(map(len, texts)) <= 4_000
    assert "@everyone" not in "".join(texts)
    ids = [one for item in screen.walk_children() if (one := getattr(item, "custom_id", None))]
    assert [len(one) <= 100 for one in ids] == [True, True]
    carried = [match.groupdict() for one in ids if (match := re.fullmatch(PAGE, one))]
    place = {"said": str(long.said_id), "nth": "999", "outcome": "ignored_sender", "target": "t" * 40}
    assert carried == [{"way": "newer", **place}, {"way": "older", **place}]


def test_a_decision_reads_well() -> None:
    """A decision about an alert says when and what first, then why, from whom and where."""
    page = DecisionPage(DecisionFilter(), (ShownDecision(DECISION, is_hidden=False),))
    texts = [getattr(item, "content", "") for item in decisions_screen(VOICE, page).walk_children()]
    assert (
        "11/24 14:07 JST **TypeError: card is null**\n"
        "-# ⏳ ルール 2：10 分に 3 回で追跡 (まだ 1 回) · Sentry · api.parky.co.jp"
        " · [元のアラート](<https://sentry.example/issues/4711>)"
    ) in texts


def test_a_decision_names_its_evidence() -> None:
    """A decision says by which words of the message it was taken, by which lesson, or by which pattern."""
    clues = {
        (("title", "状態：Down"), ("colour", "red")): "根拠：タイトル「状態：Down」、色「red」",
        (("lesson", "gate *"), ("title", "x")): "根拠：教えたルール「gate \\*」、タイトル「x」",
        (
            ("pattern", "backup of"),
            ("Status", "down"),
        ): "根拠：設定ファイルのパターン「backup of」、Status「down」",
    }
    for given, words in clues.items():
        decision = replace(DECISION, detail=replace(DETAIL, clues=given))
        page = DecisionPage(DecisionFilter(), (ShownDecision(decision, is_hidden=False),))
        texts = [getattr(item, "content", "") for item in decisions_screen(VOICE, page).walk_children()]
        assert words in "".join(texts)
        hidden = DecisionPage(DecisionFilter(), (ShownDecision(decision, is_hidden=True),))
        texts = [getattr(item, "content", "") for item in decisions_screen(VOICE, hidden).walk_children()]
        assert "根拠" not in "".join(texts)


def test_a_held_alert_says_until_when_and_who_has_set_that() -> None:
    """A window that was deleted leaves the bare outcome."""
    held = ShownDecision(replace(DECISION, outcome=AlertOutcome.HELD), is_hidden=False)
    known = replace(held, holding=HoldingWindow(AT + timedelta(hours=2), "佐藤"))
    page = DecisionPage(DecisionFilter(), (known, held))
    said = "".join(getattr(item, "content", "") for item in decisions_screen(VOICE, page).walk_children())
    assert "-# 🔧 メンテナンス中 (11/24 16:07 JST まで、設定：@佐藤) · Sentry" in said
    assert "-# 🔧 メンテナンス中 · Sentry" in said
