"""Responders tick the first-response steps on the thread's card."""

import asyncio
from typing import Any

from local_discord.client import Interaction, Message
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World

TITLE = "決済 API が 5xx"
SELECT = "完了した手順を選ぶ"
LOGS, ROLLBACK = "ログ (wrangler tail) と Sentry を確認する", "rollback するか判断する"


async def tick(world: World, card: Message, *values: str, by: str) -> Interaction:
    """Leave these chosen in the select, as *card* shows it."""
    said = await world.human.press(by, card, SELECT, values=values)
    assert all(message.is_private for message in said.messages)
    return said


async def history(world: World) -> list[tuple[Any, ...]]:
    """Who has ticked and taken back which step, as the database knows it."""
    rows = await world.rows(
        "SELECT kind, actor_name, data ->> 'severity' AS severity, data ->> 'number' AS number FROM timeline"
        " WHERE kind IN ('step_done', 'step_undone') ORDER BY id"
    )
    return [tuple(row) for row in rows]


async def test_two_tick_at_once_and_one_takes_it_back_after_a_restart(world: World) -> None:
    """Two ticks at once are both kept, and one can be unticked after a restart; nothing is posted."""
    alert = await world.triage(SEV1, title=TITLE)
    await world.expect_text(alert.card, f"**初動：** 0/4 · 次：1. {LOGS}")
    # The card stays as both of them saw it until both have chosen.
    await world.fault(route=f"PATCH /channels/*/messages/{alert.card.id}", delay_s=1.5, times=None)
    said = await asyncio.gather(
        tick(world, alert.card, "0", by="primary"), tick(world, alert.card, "1", by="secondary")
    )
    await world.human.clear_faults()
    assert f"☑ 1. {LOGS}" in said[0].text
    assert f"☑ 2. {ROLLBACK}" in said[1].text
    await world.expect_text(alert.card, "**初動：** 2/4 · 次：3. ")
    sheet = await world.click(alert.card, "コマンド", by="observer")
    for part in (f"☑ 1. {LOGS} · @primary ", f"☑ 2. {ROLLBACK}", "· @secondary ", "☐ 3. "):
        assert part in sheet.text
    await world.settle()
    await world.restart_bot()
    card = await world.reread(alert.card)
    back = await tick(world, card, "1", "3", by="responder")
    assert f"☐ 1. {LOGS}" in back.text
    assert "☑ 4. " in back.text
    assert f"次の手順：1. {LOGS}" in back.text
    await world.expect_text(alert.card, f"**初動：** 2/4 · 次：1. {LOGS}")
    told = await history(world)
    assert sorted(told[:2]) == [
        ("step_done", "primary", "SEV1", "1"),
        ("step_done", "secondary", "SEV1", "2"),
    ]
    assert sorted(told[2:]) == [
        ("step_done", "responder", "SEV1", "4"),
        ("step_undone", "responder", "SEV1", "1"),
    ]
    shown = await world.command("incident timeline", number=alert.number)
    assert "☐ 初動の完了を取り消し · @responder · SEV1 1. ログ" in shown.text
    audit = await world.rows("SELECT action FROM audit WHERE action LIKE 'step_%' AND allowed")
    assert len(audit) == 4
    await world.expect_nothing_more()
