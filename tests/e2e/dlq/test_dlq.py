"""`/dlq`: the runbook's three questions, one entry, one replay. Source: the runbook, DLQ 確認."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from bot.runbook import default_policy_text
from local_discord.client import Message
from tests.e2e.conftest import MakeWorld
from tests.e2e.dlq.failures import DETAIL, OTHER_MADE_BY, OTHER_TABLE, lose
from tests.e2e.world.severities import SEV3
from tests.e2e.world.world import World
from tests.pg_proxy import PgProxy, Refusal

#: Discord's limit for a first response, and ours for an answer that says what is away.
ANSWERED_WITHIN_S: Final = 3.0


async def test_the_questions(world: World) -> None:
    """Channel, severity, status and error of the last 24 hours; each P0 with or without its email; statuses.

    An observer reads nothing.
    """
    await lose(world, "一昨日の失敗", minutes_ago=60 * 49)
    await lose(world, "古い失敗", minutes_ago=60 * 3, channel="p1-ops", severity="P1", status=429)
    await lose(world, "新しい失敗", emailed=True)
    said = await world.command("dlq recent")
    assert "直近 24 時間 · 失敗 2" in said.text
    assert said.text.index("新しい失敗") < said.text.index("古い失敗")
    assert "一昨日の失敗" not in said.text
    assert "HTTP 503" in said.text
    narrowed = await world.command("dlq recent", severity="P1", channel="#p1-ops")
    assert "古い失敗" in narrowed.text
    assert "新しい失敗" not in narrowed.text
    wider = await world.command("dlq recent", hours=72)
    assert "一昨日の失敗" in wider.text
    mailed = await world.command("dlq p0-email")
    assert "P0 の失敗 2 · メール 1/2" in mailed.text
    assert "古い失敗" not in mailed.text
    for status in (503, 503, 429, None):
        await lose(world, "失敗", status=status)
    assert "直近 1 時間 · 失敗 5" in (await world.command("dlq http-status", hours=1)).text
    counted = await world.command("dlq http-status")
    assert "直近 24 時間 · 失敗 6" in counted.text
    assert counted.text.index("HTTP 503") < counted.text.index("HTTP 429")
    assert "応答なし" in counted.text
    assert "ロールが必要です" in (await world.command("dlq recent", by="observer")).text


async def test_the_console_narrows_turns_pages_and_gives_files(world: World) -> None:
    """🔎 asks what to list; ▶ goes on from where the page ends; ⬇ has all of it; a picture is added."""
    for minute in range(1, 13):
        await lose(world, f"決済 {minute}", minutes_ago=minute, status=503 if minute % 2 else 429)
    await lose(world, "検索が遅い", channel="p1-ops", severity="P1")
    listed = await world.command("dlq recent")
    form = await world.human.press("responder", listed.messages[-1], "絞り込み")
    typed = {"dlq_text": "決済", "dlq_period": "2h"}
    found = await world.human.submit("responder", form, typed)
    first = found.messages[-1]
    assert "直近 2 時間 · 失敗 12" in first.text
    assert "「決済」" in first.text
    later = (await world.human.press("responder", first, "次のページ")).messages[-1]
    assert "決済 11" in later.text
    assert "決済 10" not in later.text
    file = (await world.human.press("responder", later, "CSV")).messages[-1]
    assert "12 件です" in file.text
    assert (await world.human.read_file(file, "dlq.csv")).count("決済") == 12
    counted = await world.command("dlq http-status")
    assert "HTTP 503" in counted.text

    async def picture() -> Message | None:
        shown = await world.human.messages(counted.messages[-1].channel_id, user="responder")
        return shown[-1] if shown[-1].raw["attachments"] else None

    drawn = await world.human.until(picture, "the picture of the HTTP statuses")
    assert [one["filename"] for one in drawn.raw["attachments"]] == ["statuses.png"]
    await world.expect_nothing_more()


async def test_a_table_of_another_program(make_world: MakeWorld, tmp_path: Path) -> None:
    """A failure table with other names and text ids, given in the policy, can be listed, shown and replayed.

    A feature whose column is not there is off. A column that disappears is named, and everything else works.
    """
    policy = tmp_path / "policy.toml"
    text = default_policy_text().partition("[dlq]")
    rest = text[2].partition("# Where the postmortem goes")
    policy.write_text(f"{text[0]}{OTHER_TABLE}\n{rest[1]}{rest[2]}", encoding="utf-8")
    async with make_world(RUNBOOK_FILE=str(policy)) as world:
        await world.start_bot()
        for statement in OTHER_MADE_BY:
            await world.rows(statement)
        listed = await world.command("dlq recent")
        assert "決済エラー率" in listed.text
        assert "retry_count" in listed.text
        assert "P0 メールは使えません" in listed.text
        shown = await world.command("dlq show", id="9XK4")
        assert "ntf_01HX9XK4" in shown.text
        assert "region：ap-northeast-1" in shown.text
        preview = await world.command("dlq replay", by="primary", id="ntf_01HX9XK4")
        await world.human.press("primary", preview.messages[-1], "再送する")
        await world.expect_message("p0-alerts", contains="決済エラー率 8.2 %", pings_here=False)
        [row] = await world.rows("SELECT entry FROM dlq_replays")
        assert row["entry"] == "ntf_01HX9XK4"
        await world.rows("ALTER TABLE ops.lost RENAME COLUMN at TO happened_at")
        await world.command("dlq recent")
        refused = await world.command("dlq recent")
        assert "テーブル ops.lost に列 at がありません" in refused.text
        world.expect_log("interaction.unavailable")
        await world.declare(SEV3, title="ほかは動く")


def _go_away(proxy: PgProxy) -> None:
    proxy.refuse = lambda _startup: Refusal("57P03", "the database system is shutting down")
    proxy.break_all()


def _fall_silent(proxy: PgProxy) -> None:
    proxy.delay_s = 600


def _come_back(proxy: PgProxy) -> None:
    proxy.refuse = lambda _startup: None
    proxy.delay_s = 0
    proxy.break_all()


@pytest.mark.quiet
@pytest.mark.parametrize("breaks", [_go_away, _fall_silent])
async def test_the_dlqs_database_goes_away_and_comes_back_and_is_slow(
    make_world: MakeWorld, database_url: str, breaks: Callable[[PgProxy], None]
) -> None:
    """Answers within three seconds say so, alerts go on as ever, and then it is read again."""
    async with (
        PgProxy(database_url).running() as proxy,
        make_world(DLQ_DATABASE_URL=proxy.dsn()) as world,
    ):
        await world.start_bot()
        await lose(world, "決済が届かない")
        assert "決済が届かない" in (await world.command("dlq recent")).text
        breaks(proxy)
        await world.shift(minutes=5)
        for question in ("dlq recent", "dlq p0-email"):
            began = time.monotonic()
            assert "DLQ のデータベースが応答しません" in (await world.command(question)).text
            assert time.monotonic() - began < ANSWERED_WITHIN_S
        assert await world.human.autocomplete("responder", "general", "dlq show", "id", "") == []
        await world.declare(SEV3, title="ほかは動く")
        _come_back(proxy)
        await world.shift(minutes=5)
        await world.human.until(lambda: _listed(world), "the list again")


async def _listed(world: World) -> bool | None:
    """The first question after the loss may find the connection that is gone."""
    return True if "決済が届かない" in (await world.command("dlq recent")).text else None


async def test_replay_once_and_without_its_mention(world: World) -> None:
    """An entry shows the message as it would have looked, and its JSON on demand.

    A replay is previewed, confirmed and sent once without a ping; the second try names who did it. A
    responder does not replay.
    """
    entry = await lose(world, "決済エラー率 8.2 %")
    [offered] = await world.human.autocomplete("responder", "general", "dlq show", "id", str(entry)[-6:])
    assert offered["value"] == str(entry)
    shown = await world.command("dlq show", id=str(entry)[-6:])
    assert "届くはずだった内容" in shown.text
    assert "決済エラー率" in shown.text
    raw = await world.human.press("responder", shown.messages[-1], "生の JSON")
    assert '"username": "Parky notify"' in raw.text
    assert "ロールが必要です" in (await world.command("dlq replay", by="responder", id=str(entry))).text
    preview = await world.command("dlq replay", by="primary", id=str(entry))
    other = await world.command("dlq replay", by="secondary", id=str(entry))
    assert "#p0-alerts に再送しますか" in preview.text
    assert "取り除くもの：メンションの通知、`username`" in preview.text
    await world.human.press("primary", preview.messages[-1], "再送する")
    sent = await world.expect_message("p0-alerts", contains="決済エラー率 8.2 %", pings_here=False)
    assert sent.raw["embeds"][0]["description"] == DETAIL
    late = await world.human.press("secondary", other.messages[-1], "再送する")
    assert "@primary が再送済みです" in late.text
    again = await world.command("dlq replay", by="secondary", id=str(entry))
    assert "@primary" in again.text
    assert "再送する" not in [control.label for control in again.messages[-1].controls]
    await world.expect_nothing_more()
    [row] = await world.rows("SELECT requested_by_name FROM dlq_replays")
    assert row["requested_by_name"] == "primary"
