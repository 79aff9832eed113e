"""Responders tick the first-response steps on the thread's card."""

import asyncio
from typing import Any

from local_discord.people import Interaction, Message
from tests.e2e.severities import SEV1
from tests.e2e.world import World

TITLE = "決済 API が 5xx"
SELECT = "済んだ手順"
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


async def has_select(world: World, card: Message) -> bool:
    """Whether anything can be ticked on the card now."""
    await world.settle()
    return any(SELECT in control.label for control in (await world.reread(card)).controls)


async def test_two_tick_at_once_and_one_takes_it_back_after_a_restart(world: World) -> None:
    """Two ticks at once are both kept, and one can be unticked after a restart; nothing is posted."""
    alert = await world.triage(SEV1, title=TITLE)
    await world.expect_text(alert.card, f"☐ 1. {LOGS}")
    # The card stays as both of them saw it until both have chosen.
    await world.fault(route=f"PATCH /channels/*/messages/{alert.card.id}", delay_s=1.5, times=None)
    said = await asyncio.gather(
        tick(world, alert.card, "0", by="primary"), tick(world, alert.card, "1", by="secondary")
    )
    await world.human.clear_faults()
    assert f"☑ 1. {LOGS}" in said[0].text
    assert f"☑ 2. {ROLLBACK}" in said[1].text
    await world.expect_text(alert.card, f"☑ 1. {LOGS} · @primary ")
    card = await world.expect_text(alert.card, "· @secondary ")
    assert f"☑ 2. {ROLLBACK}" in card.text
    assert "☐ 3. " in card.text
    await world.settle()
    await world.restart_bot()
    card = await world.reread(alert.card)
    back = await tick(world, card, "1", "3", by="responder")
    assert f"☐ 1. {LOGS}" in back.text
    assert "☑ 4. " in back.text
    assert f"次は 1. {LOGS}" in back.text
    card = await world.expect_text(alert.card, "☑ 4. ")
    assert f"☐ 1. {LOGS}" in card.text
    assert f"☑ 2. {ROLLBACK}" in card.text
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
    assert "☐ 初動の済みを取り消し · @responder · SEV1 1. ログ" in shown.text
    audit = await world.rows("SELECT action FROM audit WHERE action LIKE 'step_%' AND allowed")
    assert len(audit) == 4
    await world.expect_nothing_more()


async def test_another_severity_brings_its_own_steps(world: World) -> None:
    """The old ticks stay on the timeline. A card that still shows the old steps ticks none of the new."""
    alert = await world.declare(SEV1, title=TITLE)
    await tick(world, alert.card, "0", by="primary")
    old = await world.expect_text(alert.card, "☑ 1. ")
    await world.fault(route=f"PATCH /channels/*/messages/{alert.card.id}", times=None, status=403, code=50013)
    await world.command("incident severity", number=alert.number, to="sev3", reason="dev だけだった")
    world.ledger.forgive("p2-deploys")
    await world.expect_message("p2-deploys", contains=TITLE)
    await world.expect_message(alert.thread, contains="SEV1 → **SEV3**")
    await world.idle()
    await world.human.clear_faults()
    stale = await tick(world, old, "0", "1", by="secondary")
    assert "手順は変わっています" in stale.text
    card = await world.expect_text(alert.card, "☐ 1. 翌営業日の朝の triage で確認する")
    assert "☑" not in card.text
    done = await tick(world, card, "0", by="secondary")
    assert "すべて済みです" in done.text
    await world.expect_text(alert.card, "☑ 1. 翌営業日の朝の triage で確認する · @secondary ")
    assert await history(world) == [
        ("step_done", "primary", "SEV1", "1"),
        ("step_done", "secondary", "SEV3", "1"),
    ]
    await world.expect_nothing_more()


async def test_who_may_not_and_when_it_is_over(world: World) -> None:
    """An outsider hears which role it takes. An ended one keeps its ticks; the select comes back with it."""
    alert = await world.triage(SEV1, title=TITLE)
    refused = await tick(world, alert.card, "0", by="observer")
    assert "ロールが必要です" in refused.text
    await tick(world, alert.card, "0", by="primary")
    card = await world.expect_text(alert.card, "☑ 1. ")
    await world.fault(route=f"PATCH /channels/*/messages/{alert.card.id}", times=None, status=403, code=50013)
    asked = await world.command("incident resolve", number=alert.number)
    await world.human.press("responder", asked.messages[-1], "解決にする")
    await world.expect_message(alert.thread, contains="解決")
    await world.idle()
    late = await tick(world, card, "0", "1", by="primary")
    assert "@responder が解決済みです" in late.text
    await world.human.clear_faults()
    await world.command("incident reopen", number=alert.number, reason="再発")
    await world.expect_message(alert.thread, contains="再開")
    assert await has_select(world, alert.card)
    asked = await world.command("incident resolve", number=alert.number)
    await world.human.press("responder", asked.messages[-1], "解決にする")
    await world.expect_message(alert.thread, contains="解決")
    assert not await has_select(world, alert.card)
    assert f"☑ 1. {LOGS} · @primary" in (await world.reread(alert.card)).text
    assert await history(world) == [("step_done", "primary", "SEV1", "1")]
