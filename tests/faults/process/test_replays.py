"""Rows 73 and 74: the bot dies while it replays what a filter matched; a webhook's answer is lost."""

import json
from typing import Any

import pytest

from local_discord.client import Interaction
from local_discord.rest.resources.webhooks import new_webhook
from tests.e2e.dlq.failures import lose
from tests.faults.conftest import Figure
from tests.faults.stage.stage import Stage

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-replays")]

_ENTRIES = 3

#: Between any two of: reserved, handed to its delivery, sent, recorded, ended.
_POINTS = (
    "after:commit:begin_batch",
    "before:commit:queue_entry",
    "after:commit:queue_entry",
    "after:send:replay",
    "before:commit:finish_sent@2",
    "before:commit:end_batch",
)


@pytest.mark.parametrize("point", _POINTS)
async def test_row_73_killed_while_a_batch_is_replayed(stage: Stage, figure: Figure, point: str) -> None:
    """The next process goes on: each entry is posted once, and the batch ends."""
    title = f"行73 {_POINTS.index(point)}"
    asked = await _asked(stage, title)
    await stage.die_at(point, lambda: stage.world.human.press("primary", asked.messages[-1], "再送する"))
    await stage.world.shift(minutes=2)  # by then the auditor looks for jobs that are lost
    await stage.revive()
    [batch] = await stage.until(lambda: _ended(stage), "the end of the batch")
    sent = [post for post in stage.posts_in("p1-ops") if title in post.text]
    assert len(sent) == _ENTRIES
    states = await stage.world.rows(
        "SELECT DISTINCT state FROM replay_batch_entries WHERE batch_id = $1", batch["id"]
    )
    assert [row["state"] for row in states] == ["queued"]
    figure(f"{len(sent)} posts of {_ENTRIES}")


async def test_row_73_killed_while_a_batch_is_stopped(stage: Stage, figure: Figure) -> None:
    """Stopped or not, by its row: nothing stays reserved, and what was not sent can be replayed again."""
    title = "行73 止める"
    asked = await _asked(stage, title)
    shown = await stage.world.human.press("primary", asked.messages[-1], "再送する")
    await stage.die_at(
        "after:commit:stop_batch", lambda: stage.world.human.press("primary", shown.messages[-1], "止める")
    )
    await stage.revive()
    [batch] = await stage.until(lambda: _ended(stage), "the end of the batch")
    sent = [post for post in stage.posts_in("p1-ops") if title in post.text]
    both = "dlq_replays JOIN replay_batch_entries USING (delivery_key)"
    [claims] = await stage.world.rows(f"SELECT count(*) AS n FROM {both} WHERE batch_id = $1", batch["id"])
    assert claims["n"] == len(sent)
    figure(f"{len(sent)} posts, {claims['n']} reserved")


@pytest.mark.parametrize("may_look", [True, False])
async def test_row_74_a_webhooks_answer_is_lost(stage: Stage, figure: Figure, *, may_look: bool) -> None:
    """Killed after it was posted: it is found in the channel, or a person is asked to look. Never twice."""
    title = f"行74 {may_look}"
    channel_id = await _with_webhook(stage)
    entry = await lose(stage.world, title, channel="p1-ops", severity="P1", content=title)
    asked = await stage.world.command("dlq replay", by="primary", id=str(entry), via="webhook")
    await stage.die_at(
        "before:commit:finish_sent",
        lambda: stage.world.human.press("primary", asked.messages[-1], "再送する"),
    )
    if not may_look:
        history = {"route": f"GET /channels/{channel_id}/messages", "status": 403, "code": 50013}
        await stage.world.fault(**history, times=None)
    await stage.revive()
    query = "SELECT status, error FROM deliveries WHERE kind = 'replay_webhook' AND data ->> 'entry' = $1"
    [row] = await stage.until(lambda: _finished(stage, query, str(entry)), "the end of the delivery")
    await stage.world.human.clear_faults()
    standing = stage.world.sandbox.core.world.messages[channel_id].values()
    assert len([one for one in standing if title in one.content]) == 1
    assert row["status"] == ("sent" if may_look else "failed")
    again = await stage.world.command("dlq replay", by="primary", id=str(entry))
    assert ("再送済みです" if may_look else "前回の再送は届いたか分かりません") in again.text
    figure(f"1 post, {row['status']}")


async def _asked(stage: Stage, title: str) -> Interaction:
    """Lose some notifications, and ask to replay them."""
    for _ in range(_ENTRIES):
        await lose(stage.world, title, channel="p1-ops", severity="P1", content=title)
    asked = await stage.world.command("dlq replay-all", by="primary", channel="p1-ops", text=title)
    assert f"{_ENTRIES} 件を再送しますか" in asked.text
    return asked


async def _ended(stage: Stage) -> list[Any]:
    """The latest batch, once it has ended."""
    return await stage.world.rows(
        "SELECT id FROM replay_batches WHERE state = 'ended' AND id = (SELECT max(id) FROM replay_batches)"
    )


async def _finished(stage: Stage, query: str, entry: str) -> list[Any]:
    rows = await stage.world.rows(query, entry)
    return [row for row in rows if row["status"] in ("sent", "failed")]


async def _with_webhook(stage: Stage) -> str:
    """Let the next bots know of a webhook of #p1-ops, and start one; the channel's id."""
    core = stage.world.sandbox.core
    channel = next(one for one in core.world.channels.values() if one.name == "p1-ops")
    made = new_webhook(core, channel, "Parky notify", owner_id=core.world.guild.owner_id)
    address = f"https://discord.com/api/webhooks/{made.id}/{made.token}"
    stage.world.settings["DLQ_WEBHOOKS"] = json.dumps({"p1-ops": address})
    await stage.world.restart_bot()
    return str(channel.id)
