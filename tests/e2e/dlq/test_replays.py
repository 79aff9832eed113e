"""Replaying all that a filter matches, by a channel's own webhook too; and the watch over new failures."""

import asyncio
import json
from pathlib import Path

from bot.runbook import default_policy_text
from cogs.dlq.use_cases import WATCH_S
from local_discord.client import Message
from local_discord.rest.resources.webhooks import new_webhook
from tests.e2e.conftest import MakeWorld
from tests.e2e.dlq.failures import lose
from tests.e2e.world.world import World

_CONTENT = "決済エラー率"


async def replays(world: World, channel: str = "p0-alerts") -> list[Message]:
    """What was sent again so far."""
    return [one for one in await world.posts(channel) if "の通知の再送です" in one.text]


async def test_thirty_failures_are_replayed_and_stopped_half_way(make_world: MakeWorld) -> None:
    """A question, one message with the progress, a stop; what was sent has links, the rest goes back.

    The bot is killed in between: nothing is sent twice, and the next one goes on.
    """
    async with make_world() as world:
        await world.start_bot()
        for number in range(30):
            await lose(world, f"失敗 {number}", minutes_ago=60 - number, emailed=True)
        asked = await world.command("dlq replay-all", by="primary", severity="P0")
        assert "30 件を再送しますか" in asked.text
        assert "送り先：#p0-alerts 30" in asked.text
        assert "失敗 0" in asked.text
        await world.human.press("primary", asked.messages[-1], "再送する")
        progress = await world.expect_message("general", contains="DLQ をまとめて再送しています")
        await world.expect_message("p0-alerts", contains=_CONTENT, pings_here=False)
        await world.die_and_return()
        await world.expect_message("p0-alerts", contains=_CONTENT, pings_here=False)
        await world.human.press("secondary", progress, "止める")
        await world.expect_text(progress, "再送を止めました")
        sent = await replays(world)
        results = await world.human.press("primary", progress, "結果")
        assert results.text.count("↩️ 送っていません") == min(30 - len(sent), 15)
        rows = await world.rows("SELECT state, count(*) AS n FROM replay_batch_entries GROUP BY state")
        assert {row["state"]: row["n"] for row in rows} == {"queued": len(sent), "returned": 30 - len(sent)}
        assert len(sent) < 30
        [claims] = await world.rows("SELECT count(*) AS n FROM dlq_replays")
        assert claims["n"] == len(sent)
        again = await world.command("dlq replay-all", by="secondary", severity="P0")
        assert f"{30 - len(sent)} 件を再送しますか" in again.text
        assert f"再送済み {len(sent)}" in again.text
        actions = [row["action"] for row in await world.rows("SELECT action FROM audit ORDER BY id")]
        assert actions == ["replay_batch", "replay_batch_stopped", "replay_batch_ended"]
        world.ledger.forgive("p0-alerts")


async def test_two_bots_replay_each_entry_once_and_one_of_them_dies(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    """Two people replay the same failures at the same moment. A bot that dies keeps no entry to itself.

    The other bot goes on. After a stop, what was not sent is free again, and the next batch has exactly that.
    """
    policy = tmp_path / "policy.toml"
    fast = default_policy_text().replace("replay_per_minute = 20", "replay_per_minute = 60")
    policy.write_text(fast, encoding="utf-8")
    async with make_world(RUNBOOK_FILE=str(policy)) as world:
        await world.start_bot()
        await world.start_bot()
        for number in range(10):
            await lose(world, f"失敗 {number}", minutes_ago=60 - number, content=f"失敗 {number}.")
        asked = [await world.command("dlq replay-all", by=who) for who in ("primary", "secondary")]
        presses = zip(("primary", "secondary"), asked, strict=True)
        await asyncio.gather(
            *(world.human.press(who, question.messages[-1], "再送する") for who, question in presses)
        )
        [claims] = await world.rows("SELECT count(*) AS n, count(DISTINCT entry_id) AS own FROM dlq_replays")
        assert (claims["n"], claims["own"]) == (10, 10)
        await world.human.until(lambda: at_least(world, 2), "a few replays")
        await world.running[0].child.kill()
        await world.shift(minutes=1)  # the heartbeats of its jobs are over
        before = len(await replays(world))
        await world.human.until(lambda: at_least(world, before + 1), "a replay by the other bot")
        await world.human.wait_for_session()
        progress = await world.human.until(
            lambda: only_progress(world), "the end of the batch without entries"
        )
        await world.human.press("secondary", progress, "止める")
        await world.expect_text(progress, "再送を止めました")
        sent = await replays(world)
        assert len({one.text.partition(".")[0] for one in sent}) == len(sent) < 10
        [claims] = await world.rows("SELECT count(*) AS n FROM dlq_replays")
        assert claims["n"] == len(sent)
        again = await world.command("dlq replay-all", by="primary")
        assert f"{10 - len(sent)} 件を再送しますか" in again.text
        world.ledger.forgive("p0-alerts", "general")


async def only_progress(world: World) -> Message | None:
    """The message of the only batch that still runs; None while two say that they do."""
    running = [one for one in await world.posts("general") if "再送しています" in one.text]
    return running[0] if len(running) == 1 else None


async def at_least(world: World, count: int) -> bool | None:
    """So many have been sent again."""
    return True if len(await replays(world)) >= count else None


async def test_a_channels_own_webhook_replays_what_the_bot_may_not_post(make_world: MakeWorld) -> None:
    """A replay by a channel's own webhook is posted by that webhook, and the entry links to the post.

    A webhook that was deleted in Discord is not asked again, and the person is told.
    """
    async with make_world() as world:
        made = await webhook_of(world, "p0-alerts")
        address = f"https://discord.com/api/webhooks/{made['id']}/{made['token']}"
        await world.start_bot(DLQ_WEBHOOKS=json.dumps({"p0-alerts": address}))
        first, second = await lose(world, "1 件目"), await lose(world, "2 件目")
        asked = await world.command("dlq replay", by="primary", id=str(first), via="webhook")
        assert "送り主：チャンネルの webhook" in asked.text
        await world.human.press("primary", asked.messages[-1], "再送する")
        posted = await world.human.see("p0-alerts", "決済エラー率 8.2 %")
        assert posted.raw["webhook_id"] == made["id"]
        assert not posted.pings_here
        await world.idle()
        shown = await world.command("dlq show", by="primary", id=str(first))
        assert any((one.url or "").endswith(posted.id) for one in shown.messages[-1].controls)
        del world.sandbox.core.world.webhooks[made["id"]]
        asked = await world.command("dlq replay", by="primary", id=str(second), via="webhook")
        await world.human.press("primary", asked.messages[-1], "再送する")
        await world.idle()
        failed = await world.command("dlq show", by="primary", id=str(second))
        assert "10015" in failed.text
        ended = await world.command("dlq replay", by="primary", id=str(second), via="webhook")
        assert "webhook は Discord から消えています" in ended.text
        assert [row["webhook_id"] for row in await world.rows("SELECT webhook_id FROM ended_webhooks")] == [
            int(made["id"])
        ]
        assert all(made["token"] not in line for bot in world.bots for line in bot.child.last_words(500))
        world.ledger.forgive("p0-alerts")


async def test_new_failures_are_announced_within_a_minute_as_one(leaping: World) -> None:
    """New P0 failures in another program's table are announced in one message, without a ping.

    Later failures of the same burst are edited into that message; a P1 failure is not announced.
    """
    world = leaping
    assert WATCH_S < 60, "the bot looks that often; here it looks every second"
    world.ledger.hears_of_failures = True
    await lose(world, "決済が届かない")
    await lose(world, "ただの遅れ", severity="P1")
    told = await world.expect_message("p0-alerts", contains="届かなかった P0 の通知 1 件")
    assert "決済が届かない" in told.text
    assert not told.pings_here
    for number in range(6):
        await lose(world, f"続き {number}")
    await world.expect_text(told, "届かなかった P0 の通知 7 件")
    opened = await world.human.press(
        "responder", await world.reread(told), "1 件を開く", values=[str((await entries(world))[0])]
    )
    assert "届くはずだった内容" in opened.text
    await world.expect_nothing_more()


async def entries(world: World) -> list[object]:
    """The ids of the failures of the highest severity, oldest first."""
    query = "SELECT id FROM admin.notification_failures WHERE severity = 'P0' ORDER BY attempted_at, id"
    return [row["id"] for row in await world.rows(query)]


async def webhook_of(world: World, channel: str) -> dict[str, str]:
    """A webhook that a person has made in a channel."""
    core = world.sandbox.core
    place = next(one for one in core.world.channels.values() if one.name == channel)
    made = new_webhook(core, place, "Parky notify", owner_id=core.world.guild.owner_id)
    return {"id": made.id, "token": made.token}
