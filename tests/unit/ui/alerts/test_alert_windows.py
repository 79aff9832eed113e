"""What the team reads of maintenance windows, thresholds and decisions."""

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
    Holding,
    ShownDecision,
)
from bot.domain.alerts.windows import AlertWindow, WindowData
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.locations import Waited
from bot.services.alerts.history import PAGE_SIZE
from bot.ui.posts.renderer import render
from bot.ui.screens.alerts.decisions import PAGE, decisions_screen
from bot.ui.screens.alerts.windows import began_said
from bot.ui.words.wording import Wording
from tests.unit.ui.alerts.test_tracked import NEW, QUIET
from tests.unit.ui.samples import AT, EN, JA, delivery
from tests.unit.ui.screens import JA as VOICE

BEGAN = WindowData(target="api.parky.co.jp", by="佐藤", reason="デプロイ", until=AT + timedelta(hours=2))
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


def line(words: Wording, data: WindowData) -> str:
    """The post about a window."""
    body = render(words, delivery(DeliveryKind.ALERT_WINDOW, data=data.to_json()), None)
    assert body["allowed_mentions"] == {"parse": []}
    return str(body["content"])


def test_the_beginning_says_who_what_until_when_and_what_is_held() -> None:
    """The line about a maintenance's beginning says who began it, for what target, why and until when.

    The line names the severities whose alerts are held or, if some are spared, tracked all the same.
    """
    assert line(JA, BEGAN) == (
        "🔧 @佐藤：**api.parky.co.jp** のメンテナンス。"
        "11/24 16:07 JST まで、新しいアラートは追跡せずに控えます\n"
        "理由：デプロイ\n"
        "-# SEV1 のアラートも控えます。終わったときに続いているものは、そこで追跡します。"
    )
    spares = replace(BEGAN, reason="", spares=("SEV1", "SEV2"))
    assert line(EN, spares) == (
        "🔧 @佐藤: maintenance of **api.parky.co.jp**. Its new alerts are held until 11/24 16:07 JST\n"
        "-# SEV1 / SEV2 alerts are tracked all the same. What still fires at the end is tracked then."
    )


@pytest.mark.parametrize(
    ("target", "is_known"),
    [
        ("api.parky.co.jp", True),
        ("API.parky.co.jp", True),
        ("*.parky.co.jp", True),
        ("api.praky.jp", False),
    ],
)
def test_a_target_that_the_policy_does_not_name_is_held_with_a_warning(
    target: str, *, is_known: bool
) -> None:
    """Alerts of a target that the policy does not name are held, with a warning about the name.

    The name may be a typing error, or a host that only alerts name.
    """
    window = AlertWindow(1, 7, target, "", 1, "sato", began_at=AT, ends_at=AT + timedelta(hours=2))
    said = began_said(VOICE, window)
    assert "のアラートを 11/24 16:07 JST まで控えます" in said
    assert ("という対象はありません" in said) is not is_known


def test_the_end_says_what_was_held_and_what_goes_on() -> None:
    """The end of a maintenance window says what was held and what goes on, and who ended it, if anybody did.

    If no alert was held, it says so instead of a list.
    """
    ended = WindowData(target="api", alerts=2, times=5, numbers=(42, 43))
    assert line(JA, ended) == (
        "🔧 **api** のメンテナンスが終わりました\n"
        "控えたアラート 2 種類 (5 回)：いまも続く 2 件を追跡 → INC-42 INC-43"
    )
    assert line(EN, replace(ended, by="Ann", numbers=())) == (
        "🔧 @Ann has ended the maintenance of **api**\nAlerts held: 2 (5 times): all are over"
    )
    assert line(JA, WindowData(target="api")).endswith("控えたアラートはありません。")


def test_a_tracked_alert_says_what_it_has_waited_for() -> None:
    """A threshold, or the end of a window."""
    counted = replace(NEW, tracked=replace(NEW.tracked, waited=Waited(count=3, within_s=600)))
    assert "10 分に 3 回続いたため追跡" in str(render(JA, QUIET, counted)["content"])
    assert "3 times in 10 min" in str(render(EN, QUIET, counted)["content"])
    held = replace(NEW, tracked=replace(NEW.tracked, waited=Waited(count=3, window="api")))
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
        (ShownDecision(long, False, 10**19, 10**19, Holding(AT, "*" * 300)),) * PAGE_SIZE,
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
    known = replace(held, holding=Holding(AT + timedelta(hours=2), "佐藤"))
    page = DecisionPage(DecisionFilter(), (known, held))
    said = "".join(getattr(item, "content", "") for item in decisions_screen(VOICE, page).walk_children())
    assert "-# 🔧 メンテナンス中 (11/24 16:07 JST まで、設定：@佐藤) · Sentry" in said
    assert "-# 🔧 メンテナンス中 · Sentry" in said
