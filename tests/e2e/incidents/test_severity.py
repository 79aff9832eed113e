"""⏫: changing the severity, and what applies from then on. Source: the runbook, Severity 区分."""

from local_discord.client import Message
from tests.e2e.world.severities import SEV1, SEV3
from tests.e2e.world.world import World

TITLE = "決済 API が 5xx"


async def expect_moved(world: World, post: Message, *, to: str, channel: str) -> Message:
    """*post* becomes a pointer; the new alert in *channel*."""
    alert = await world.ledger.expect(channel, f"{to} ·")
    pointer = await world.expect_text(post, f"↗ 移しました：{to} INC-1")
    assert pointer.controls == []
    assert pointer.content.endswith(alert.id)
    return alert


async def test_sev3_to_sev1_rings_pages_and_escalates(world: World) -> None:
    """A SEV3 raised to SEV1 is announced in #p0-alerts with `@here`, a DM and a new thread.

    Fifteen minutes later the ladder escalates; an acknowledge stops the ladder.
    """
    alert = await world.declare(SEV3, title=TITLE)
    form = await world.click(alert, "重大度", by="responder")
    assert form.modal is not None
    said = await world.human.submit("responder", form, {"severity": ["SEV1"], "reason": "決済にも影響"})
    for part in ("SEV3 → **SEV1 / P0**", "#p0-alerts に @here で通知", "15 分以内に ack"):
        assert part in said.text
    new = await expect_moved(world, alert.post, to="SEV1", channel="p0-alerts")
    assert new.pings_here
    assert "判定：SEV3 → SEV1 に変更 · @responder" in new.text
    dm = await world.expect_dm("primary", contains=TITLE)
    assert dm.content.startswith("🔴 SEV1")
    await world.expect_message(alert.thread, contains="続きは新しいスレッドで")
    await world.expect_message(new.id, contains="開始時刻")
    await world.expect_message(new.id, contains="**初動：**")
    line = await world.expect_message(new.id, contains="SEV3 → **SEV1**")
    assert "理由：決済にも影響" in line.text
    await world.settle()
    assert await world.thread_name(new.id) == f"INC-1 🔴 {TITLE}"
    assert "↗" in await world.thread_name(alert.thread)
    card = await world.reread(alert.card)
    assert card.content.startswith("↗ INC-1 の続きはこちら")
    await world.expect_nothing_more()
    await world.fast_forward(minutes=15)
    escalation = await world.expect_message("p0-alerts", contains="から未対応", pings_here=True)
    await world.expect_dm("primary", contains=TITLE)
    second = await world.expect_dm("secondary", contains=TITLE)
    assert "\n@primary：" in second.text
    assert "応答なし" in second.text
    await world.react(escalation, by="primary")
    calm = await world.expect_text(new, "@primary が対応中")
    assert not calm.content.startswith("@here"), "an edit rings nobody again"
    await world.fast_forward(hours=5)
    world.ledger.forgive(new.id)  # an update is owed by then


async def test_sev1_to_sev3_stops_the_ladder(world: World) -> None:
    """Lowering to SEV3 stops the ladder: no page at +15 min, and the DM shows the new rules.

    Unknown, unchanged, forbidden and late changes are refused with advice, and change nothing.
    """
    alert = await world.declare(SEV1, title=TITLE)
    wrong = await world.command("incident severity", number=alert.number, to="SEV9", reason="r")
    assert "重大度「SEV9」はありません" in wrong.text
    same = await world.command("incident severity", number=alert.number, to="SEV1", reason="r")
    assert "すでに SEV1 です" in same.text
    by_whom = await world.command(
        "incident severity", by="observer", number=alert.number, to="SEV2", reason="r"
    )
    assert "重大度の変更には" in by_whom.text
    refused = await world.rows("SELECT action FROM audit WHERE NOT allowed")
    assert [row["action"] for row in refused] == ["severity"]
    choices = await world.human.autocomplete("responder", "general", "incident severity", "to", "p0")
    assert [choice["value"] for choice in choices] == ["SEV1"]
    said = await world.command("incident severity", number=alert.number, to="sev3", reason="dev だけだった")
    assert "SEV1 → **SEV3 / P2**" in said.text
    assert "翌営業日に ack" in said.text
    new = await expect_moved(world, alert.post, to="SEV3", channel="p2-deploys")
    assert not new.pings_here
    assert f"<#{alert.thread}>" in (await world.expect_text(new, "スレッド")).text
    await world.expect_message(alert.thread, contains="SEV1 → **SEV3**")
    await world.expect_text(alert.card, "SEV3 · ")
    dm = await world.expect_text(alert.dms["primary"], "SEV3")
    assert "過ぎました" not in dm.text
    await world.fast_forward(hours=5)
    await world.expect_nothing_more()
    form = await world.click(new, "重大度", by="responder")
    await world.command("incident cancel", number=alert.number)
    await world.expect_message(alert.thread, contains="取消")
    late = await world.human.submit("responder", form, {"severity": ["SEV1"], "reason": "r"})
    assert "誤報として取り消しています" in late.text


async def test_a_change_while_a_step_is_due_and_the_bot_is_dead(world: World) -> None:
    """A bot killed right after the change posts what is pending, and drops the old ladder's steps."""
    alert = await world.declare(SEV1, title=TITLE)
    await world.settle()
    await world.fault(route="POST /channels/*/messages", times=None, status=503)
    await world.command("incident severity", number=alert.number, to="SEV3", reason="r")
    await world.kill_bot()
    await world.human.clear_faults()
    await world.shift(minutes=15)
    await world.start_bot()
    new = await expect_moved(world, alert.post, to="SEV3", channel="p2-deploys")
    assert not new.pings_here
    await world.expect_message(alert.thread, contains="SEV1 → **SEV3**")
