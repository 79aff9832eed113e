"""朝の triage. Source: the runbook, SEV3 翌営業日対応 / 朝の triage で確認."""

from datetime import datetime, timedelta

from bot.runbook import load_policy
from local_discord.client import Message
from tests.e2e.world.alert import Alert
from tests.e2e.world.severities import SEV3
from tests.e2e.world.world import World


async def to_morning(world: World, *, minutes: float) -> timedelta:
    """How long it is until the next business day's post at 10:00, and *minutes* more."""
    [row] = await world.rows("SELECT now() AS now")
    now: datetime = row["now"]
    over = load_policy(None).business_hours.next_triage(now)  # 11:00
    return over - now - timedelta(hours=1) + timedelta(minutes=minutes)


async def gathered(world: World) -> tuple[Message, list[Alert]]:
    """Two SEV3; the bot was down at 10:00, and posts when it is back."""
    alerts = [await world.declare(SEV3, title=title) for title in ("deploy が失敗", "監視の誤検知")]
    await world.fast_forward(minutes=(await to_morning(world, minutes=-1)).total_seconds() / 60)
    await world.expect_nothing_more()
    await world.kill_bot()
    await world.shift(minutes=2)
    await world.start_bot()
    post = await world.expect_message("p2-deploys", contains="朝のトリアージ", pings_here=False)
    for alert in alerts:
        assert alert.label in post.text
    return post, alerts


async def test_sev3_gather_in_the_morning_and_are_asked_about_until_each_is_taken(world: World) -> None:
    """One post at 10:00, a reminder at 11:00 and 12:00, a kill in between, and none when both are taken."""
    post, (first, second) = await gathered(world)
    await world.restart_bot()
    await world.expect_nothing_more()
    said = await world.human.press("observer", post, "引き受ける", values=[str(first.number)])
    assert "responder" in said.text
    await world.fast_forward(minutes=60)
    asked = await world.expect_message("p2-deploys", contains="2 件を誰も引き受けていません")
    assert [user["username"] for user in asked.raw["mentions"]] == ["primary"]
    assert asked.raw["message_reference"]["message_id"] == post.id
    said = await world.human.press(
        "primary", await world.reread(post), "引き受ける", values=[str(first.number)]
    )
    assert first.label in said.text
    await world.expect_text(post, "未対応 1 / 2 件")
    await world.expect_acknowledged(first, by="primary")
    await world.fast_forward(minutes=60)
    await world.expect_message("p2-deploys", contains=f"1 件を誰も引き受けていません：{second.label}")
    await world.react(second, by="secondary")
    await world.expect_text(post, "2 件すべて引き受け済み")
    await world.fast_forward(hours=5)
