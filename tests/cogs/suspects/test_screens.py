"""The card of suspects, as people read it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.incident.incident import Incident
from bot.domain.systems import ChangeKind, RecentChange
from bot.ui.words.wording import Wording
from cogs.suspects.posts import linked, suspects_card
from cogs.suspects.rules import (
    FirstLook,
    PastIncident,
    Rollback,
    SourceProblem,
    SuspectCard,
    UnreadSource,
    first_look,
)
from tests.unit.ui import samples

START = samples.PLACED.started_at
CHANGES = (
    RecentChange(
        kind=ChangeKind.DEPLOYMENT,
        what="main a1b2c3d",
        at=START - timedelta(minutes=12),
        where="production",
        who="sato",
        state="success",
        url="https://github.com/parky/ops/commit/a1b2c3d",
    ),
    RecentChange(kind=ChangeKind.MERGE, what="#12 *決済*の[再試行](x)", at=START - timedelta(minutes=40)),
)
PAST = PastIncident(
    number=12,
    title="決済APIが応答しない",
    severity="SEV1",
    ended_at=START - timedelta(days=3),
    where=(7, 900),
    cause="DB のプール" * 30,
    fix="上限を上げた" * 30,
    open_items=("監視を足す" * 20, "手順を直す"),
    topics=("worker_logs", "no_longer_there"),
    same_targets=("api.parky.co.jp",),
    words=("決済", "api"),
)


def with_look(incident: Incident, look: FirstLook) -> Incident:
    """The incident as it is read to be shown."""
    return replace(incident, own={"suspects": look.to_json()})


def with_card(incident: Incident = samples.PLACED, **facts: Any) -> Incident:
    """The incident with a card."""
    card = SuspectCard(started_at=START, since=START - timedelta(hours=2), **facts)
    return with_look(incident, FirstLook(card=card))


def shown(incident: Incident, words: Wording = samples.JA) -> str:
    """What the embed says."""
    body: Any = suspects_card(words, incident)
    return str(body["embeds"][0]["description"])


def test_each_change_says_when_what_who_and_where() -> None:
    """Newest first, with a link where there is one; people's words take no effect."""
    text = shown(with_card(changes=CHANGES))
    assert "🚀 **開始の 12 分前** [main a1b2c3d](https://github.com/parky/ops/commit/a1b2c3d)" in text
    assert "production · sato · success" in text
    assert r"\*決済\*" in text
    assert "戻すかどうか：未定" in text


def test_no_change_is_said_and_so_is_what_could_not_be_read() -> None:
    """The card of suspects says that there was no change, and within how many hours.

    If a source could not be read, the card speaks only of what could be read, and names source and reason.
    """
    assert "デプロイもマージもありません" in shown(with_card())
    unread = (UnreadSource(source="github_merges", problem=SourceProblem.REFUSED),)
    text = shown(with_card(unread=unread))
    assert "読めた範囲には" in text
    assert "⚠️ GitHub のマージ：トークンが無効か" in text
    assert "2 h" in shown(with_card(), samples.EN)


def test_a_list_that_was_cut_is_never_no_change() -> None:
    """Where only the last part of the list was read, the card says from when on, and of that part only."""
    cut = UnreadSource(
        source="github_deployments",
        problem=SourceProblem.SLOW,
        read_from=datetime(2026, 11, 28, 9, 5, tzinfo=UTC),
    )
    text = shown(with_card(unread=(cut,)))
    assert "読めた範囲には" in text
    assert "⚠️ GitHub のデプロイ：件数が多く、" in text
    assert "18:05 より前は読めていません" in text


def test_a_past_incident_takes_three_lines() -> None:
    """A past incident takes three lines of at most 200 characters, however much was written about it."""
    text = shown(with_card(past=(PAST,)))
    lines = text.partition("**似た過去の件**\n")[2].splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("[INC-12](https://discord.com/channels/7/900) 決済APIが応答しない")
    assert "同じ対象 api.parky.co.jp · 共通の語：決済、api" in lines[0]
    assert "📥 出力：" in lines[2]
    assert all(len(line) <= 200 for line in lines)


@pytest.mark.parametrize("rolls_back", [True, False])
def test_the_decision_is_shown_with_the_command_to_paste(rolls_back: bool) -> None:
    """The decision about a rollback is shown with who made it, when and why.

    Only a decision for a rollback comes with the command to paste.
    """
    last = Rollback(rolls_back=rolls_back, reason="*x*", by_id=1, by_name="佐藤", at=samples.AT)
    incident = with_card(changes=CHANGES)
    incident = with_look(incident, replace(first_look(incident), rollback=last))
    text = shown(incident)
    assert ("scripts/deploy/rollback.sh" in text) is rolls_back
    assert r"佐藤 · 11/24 14:07 JST" in text
    assert r"\*x\*" in text


def test_the_buttons_go_with_the_incident() -> None:
    """An ended one is not rolled back."""
    labels = [
        each["label"]
        for body in (
            suspects_card(samples.EN, with_card()),
            suspects_card(samples.EN, with_card(samples.RESOLVED)),
        )
        for row in body["components"]  # type: ignore[attr-defined]
        for each in row["components"]
    ]
    assert labels == ["Record a roll-back", "Record: no roll-back"]


@pytest.mark.parametrize("url", ["javascript:x", "https://x.example/a) b", "https://x.example/](y", ""])
def test_only_a_plain_address_becomes_a_link(url: str) -> None:
    """Only a plain address from another system becomes a link; otherwise the text stays as it is."""
    assert linked("a[b]", url) == "a[b]"
    assert linked("a[b]", "https://x.example/a") == "[a［b］](https://x.example/a)"


def test_a_card_without_facts_is_still_one() -> None:
    """An incident without stored facts, such as an imported one, still has a card of suspects."""
    assert "未定" in shown(samples.PLACED)
