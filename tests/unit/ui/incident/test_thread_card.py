"""The card of an incident's thread, half a phone screen high, and the sheet behind its 📋."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident, PersonRef, Role, StatusUpdate
from bot.runbook import default_policy_text, parse_policy
from bot.runbook.model import Policy
from bot.ui.posts.renderer import render
from bot.ui.screens.sheets import first_response_screen
from bot.ui.words.wording import Voice, Wording
from tests.unit.ui import screens
from tests.unit.ui.samples import (
    ACKNOWLEDGED,
    AT,
    CANCELLED,
    EN,
    JA,
    PLACED,
    POLICY,
    REOPENED,
    RESOLVED,
    TEXTS,
    TRIGGERED,
    delivery,
    description_of,
    labels_of,
)

CARD = delivery(DeliveryKind.THREAD_CARD)
TAIL = "npx wrangler tail --config wrangler.{}.toml"

#: Columns of an embed on a narrow phone, and half of the lines that it shows of a channel.
COLUMNS, HALF_A_SCREEN = 42, 16
_CONTROLS = 2  # lines that a row of controls takes

TOLD = StatusUpdate(
    "DB の接続数が上限に達していたため、コネクションプールを広げて様子を見ています。" * 9,
    "全員",
    AT,
    "primary",
)
BUSY = replace(
    ACKNOWLEDGED,
    title="長い件名 " * 20,
    targets=POLICY.targets,
    symptoms=tuple(POLICY.symptoms),
    updates=replace(ACKNOWLEDGED.updates, last=TOLD, due_at=AT + timedelta(minutes=30), reminders=1),
    roles={role: PersonRef(number, "secondary") for number, role in enumerate(Role, 101)},
    linked=tuple(range(1, 20)),
)


def lines_on_a_phone(body: Mapping[str, object]) -> int:
    """How many lines the embed and its controls take, each line broken where a phone breaks it."""
    shown = [str(body["content"]), *description_of(body).splitlines()]
    rows = cast("list[object]", body["components"])
    return sum(-(-max(_width(line), 1) // COLUMNS) for line in shown) + _CONTROLS * len(rows)


def _width(line: str) -> int:
    seen = re.sub(r"<t:\d+:R>", "29 分後", line.replace("**", ""))
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in seen)


@pytest.mark.parametrize("words", [JA, EN])
@pytest.mark.parametrize("incident", [PLACED, ACKNOWLEDGED, BUSY, REOPENED, RESOLVED])
def test_the_card_is_half_a_phone_screen(words: Wording, incident: Incident) -> None:
    """The thread's card takes at most half a phone screen, in every state and however much is known."""
    assert lines_on_a_phone(render(words, CARD, incident)) <= HALF_A_SCREEN


def test_the_card_says_state_deadline_roles_and_steps() -> None:
    """The card shows the deadline of the acknowledge, afterwards that of the next update, each fact once."""
    waiting = render(JA, CARD, PLACED)
    assert waiting["content"] == "🔴 SEV1 · 決済 API が 5xx · **未対応** · ack 14:22 まで"
    assert description_of(waiting).splitlines() == [
        "影響：エラー率上昇 · 本番影響あり → 影響大",
        "🧭\u00a0指揮：未定  💬\u00a0広報：未定  ✍️\u00a0記録：未定",
        "**初動：** 0/4 · 次：1. ログ (wrangler tail) と Sentry を確認する",
        "-# INC-42 · P0",
    ]
    taken = replace(ACKNOWLEDGED, updates=replace(ACKNOWLEDGED.updates, due_at=AT + timedelta(minutes=32)))
    body = render(EN, CARD, taken)
    assert str(body["content"]).endswith("**@primary on it since 14:09** · next update by 14:39")
    assert description_of(body).startswith("Impact: Rising error rate · Production affected → Large impact\n")
    assert str(render(JA, CARD, RESOLVED)["content"]).endswith("**@primary が解決 (14:52)**")


def test_the_buttons_say_what_they_do() -> None:
    """Each button of the thread's card says in words what it does, and there are at most five."""
    body = render(EN, CARD, PLACED)
    assert labels_of(body) == ["ack", "I can't respond", "Commands", "More…"]
    assert labels_of(render(JA, CARD, PLACED)) == ["ack", "対応できない", "コマンド", "その他…"]
    assert labels_of(render(EN, CARD, ACKNOWLEDGED)) == ["Update", "Resolve", "Commands", "More…"]
    assert labels_of(render(JA, CARD, CANCELLED)) == ["再開", "メモ", "その他…"]


def test_a_card_without_a_sheet() -> None:
    """A severity that the policy no longer has."""
    said = description_of(render(JA, CARD, replace(TRIGGERED, severity="SEV9", targets=(), path=())))
    assert "初動" not in said
    gone = replace(TRIGGERED, severity="SEV9", targets=(), symptoms=(), path=())
    assert "登録されていません" in screens.words(first_response_screen(screens.JA, gone))


def sheet(incident: Incident, policy: Policy = POLICY) -> Any:
    """What 📋 shows in Japanese."""
    return first_response_screen(Voice.of(TEXTS, policy, locale="ja"), incident)


@pytest.mark.parametrize(
    ("targets", "shown"),
    [
        (("api.parky.co.jp",), ["public", "store-sync"]),
        (("parky.co.jp", "admin.parky.co.jp"), ["admin", "marketing", "store-sync"]),
        (("dev-*",), ["<worker>", "store-sync"]),
        (("owner.parky.co.jp",), ["<worker>", "store-sync"]),
        ((), ["<worker>", "store-sync"]),
    ],
)
def test_the_sheet_has_the_commands_of_the_chosen_targets(targets: Iterable[str], shown: list[str]) -> None:
    """The sheet has general commands and the targets' own, or the choices if the targets have none."""
    said = screens.words(sheet(replace(PLACED, targets=tuple(targets))))
    known = ["public", "admin", "marketing", "<worker>", "store-sync"]
    assert ("public / admin / marketing / store-sync" in said) is ("<worker>" in shown)
    assert [name for name in known if TAIL.format(name) in said] == shown
    assert "```\nscripts/deploy/rollback.sh\n```" in said


def test_the_sheet_has_the_facts_that_the_card_leaves_out() -> None:
    """The first-response sheet has the facts that the thread's card leaves out, within Discord's limits.

    These are the target, the symptoms, the reason for the severity, the reporter, the start, the impact,
    related incidents and links.
    """
    screen = sheet(replace(BUSY, targets=("api.parky.co.jp",)))
    said = screens.words(screen)
    for part in (
        "対象：api.parky.co.jp",
        "症状：完全停止",
        "判定：本番影響あり → 影響大",
        "報告：@responder",
        "開始：11/24 14:05 JST",
        "**影響：** 全員",
        "関連：No.1",
    ):
        assert part in said
    assert screens.over_limits(screen) == []
    assert screens.labels(screen)[-3:] == ["タイムライン", "アラートを開く", "スレッドへ"]


def test_addresses_are_link_buttons() -> None:
    """Commands that are plain addresses become link buttons, five in a row; others stay text."""
    more = "".join(
        f'\n[[first_response.SEV1.commands]]\nlabel = "link {number}"\ncommand = "{url}"\n'
        for number, url in enumerate(
            ("https://grafana.example.com/d/1?var=a", "https://<env>.example.com/", "https://example.com/ x")
        )
    )
    screen = sheet(PLACED, parse_policy(default_policy_text() + more, name="links.toml"))
    assert screens.labels(screen)[:3] == [
        "Sentry の新しい issue",
        "Cloudflare Pages → 対象プロジェクト → Deployments",
        "link 0",
    ]
    said = screens.words(screen)
    assert "```\nhttps://<env>.example.com/\n```" in said
    assert "```\nhttps://example.com/ x\n```" in said
    assert "grafana.example.com" not in said
    many = default_policy_text() + "".join(
        f'\n[[first_response.SEV3.commands]]\nlabel = "link {number}"\ncommand = "https://example.com/{number}"\n'
        for number in range(11)
    )
    full = sheet(replace(PLACED, severity="SEV3"), parse_policy(many, name="many.toml"))
    assert screens.over_limits(full) == []
    assert screens.labels(full)[:11] == [f"link {number}" for number in range(11)]


def test_the_facts_give_way_to_the_commands() -> None:
    """The longest sheet that a policy may have is shown whole."""
    long = "".join(
        f'\n[[first_response.SEV3.commands]]\nlabel = "long {number}"\ncommand = "{"x" * 1_000}"\n'
        for number in range(3)
    )
    policy = parse_policy(default_policy_text() + long, name="long.toml")
    screen = sheet(replace(PLACED, severity="SEV3"), policy)
    assert screens.over_limits(screen) == []
    assert screens.words(screen).count("x" * 1_000) == 3
