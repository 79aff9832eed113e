"""`/dlq`: the runbook's three questions, one entry, one replay. Source: the runbook, DLQ 確認."""

from tests.e2e.failures import DETAIL, lose
from tests.e2e.world import World


async def test_recent_lists_the_last_day_newest_first(world: World) -> None:
    """Channel, severity, status and error of the last 24 hours; the options narrow it."""
    await lose(world, "一昨日の失敗", minutes_ago=60 * 49)
    await lose(world, "古い失敗", minutes_ago=60 * 3, channel="p1-ops", severity="P1", status=429)
    await lose(world, "新しい失敗")
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


async def test_pages_turn(world: World) -> None:
    """More than a page is turned with buttons, and the filter stays."""
    for number in range(12):
        await lose(world, f"失敗その{number:02}", minutes_ago=number + 1)
    first = (await world.command("dlq recent")).messages[-1]
    assert "失敗その00" in first.text
    assert "失敗その11" not in first.text
    turned = await world.human.press("responder", first, "古い方")
    assert "失敗その11" in turned.text


async def test_p0_and_whether_the_email_went_out(world: World) -> None:
    """The second question names each P0 with or without its email."""
    await lose(world, "メールあり", emailed=True)
    await lose(world, "メールなし")
    await lose(world, "P1 は数えない", severity="P1", channel="p1-ops")
    said = await world.command("dlq p0-email")
    assert "P0 の失敗 2 · メール 1/2" in said.text
    assert "P1 は数えない" not in said.text


async def test_http_statuses_of_the_last_hour(world: World) -> None:
    """The third question counts per status, no answer included, most frequent first."""
    for status in (503, 503, 429, None):
        await lose(world, "失敗", status=status)
    await lose(world, "古い", minutes_ago=120, status=500)
    said = await world.command("dlq http-status")
    assert "失敗 4" in said.text
    assert "HTTP 500" not in said.text
    assert said.text.index("HTTP 503") < said.text.index("HTTP 429")
    assert "応答なし" in said.text


async def test_one_entry_and_its_payload(world: World) -> None:
    """An entry shows the message as it would have looked, and its JSON on demand."""
    entry = await lose(world, "決済エラー率 8.2 %")
    shown = await world.command("dlq show", id=str(entry))
    assert "届くはずだった内容" in shown.text
    assert "決済エラー率" in shown.text
    raw = await world.human.press("responder", shown.messages[-1], "生の JSON")
    assert '"username": "Parky notify"' in raw.text


async def test_replay_once_and_without_its_mention(world: World) -> None:
    """A replay is previewed, confirmed and sent once without a ping; the second try names who did it."""
    entry = await lose(world, "決済エラー率 8.2 %")
    preview = await world.command("dlq replay", by="primary", id=str(entry))
    other = await world.command("dlq replay", by="secondary", id=str(entry))
    assert "#p0-alerts に再送しますか" in preview.text
    assert "`allowed_mentions`, `username`" in preview.text
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


async def test_who_may_read_and_who_may_replay(world: World) -> None:
    """An observer reads nothing; a responder reads but does not replay."""
    entry = await lose(world, "決済エラー率 8.2 %")
    assert "ロールが必要です" in (await world.command("dlq recent", by="observer")).text
    assert "ロールが必要です" in (await world.command("dlq replay", by="responder", id=str(entry))).text


async def test_unknown_entries(world: World) -> None:
    """An invalid id and an unknown id get different answers."""
    assert "DLQ の ID ではありません" in (await world.command("dlq show", id="42")).text
    missing = "00000000-0000-0000-0000-000000000000"
    assert "その DLQ の記録はありません" in (await world.command("dlq show", id=missing)).text
