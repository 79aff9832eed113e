"""`/dlq`: the runbook's three questions, one entry, one replay. Source: the runbook, DLQ 確認."""

from tests.e2e.failures import DETAIL, lose
from tests.e2e.world import World


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
    for status in (503, 429, None):
        await lose(world, "失敗", status=status)
    counted = await world.command("dlq http-status")
    assert "失敗 4" in counted.text
    assert counted.text.index("HTTP 503") < counted.text.index("HTTP 429")
    assert "応答なし" in counted.text
    assert "ロールが必要です" in (await world.command("dlq recent", by="observer")).text


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
