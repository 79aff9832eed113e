"""[別の障害として出す], the card and `/alerts recent`, against the local Discord."""

from dataclasses import replace

from bot.runbook import default_policy_text, parse_policy
from tests.cogs.dependencies.test_holding import NEEDS
from tests.integration.cogs.console_world import ConsoleWorld, alerted, presses, shown, words
from tests.integration.cogs.test_alert_cogs import say


async def test_a_held_alert_is_counted_in_the_thread_and_tracked_by_a_press(world: ConsoleWorld) -> None:
    """The thread has one line that counts, the card says so, and the select tracks one, once."""
    world.policy = replace(parse_policy(default_policy_text() + NEEDS, name="needing"), guild_id=None)
    await world.restart()
    await alerted(world, severity="sev2")
    await world.database.fetch("UPDATE incidents SET targets = '{db}'")
    await say(world, 1)
    await say(world, 2)
    await say(world, 3, key="other")
    await world.rest()
    [row] = await world.database.fetch("SELECT thread_id FROM incidents WHERE id = 1")
    thread = str(row["thread_id"])
    line = await world.until(thread, contains="影響として保留したアラート：2 種類 (計 3 回)")
    assert "TypeError other" in words(line)
    await world.until(thread, contains="影響：2 件のアラートを保留中")
    recent = words(shown(await world.command("alerts recent", outcome="depends")))
    assert "⛓️ No.1 の影響として保留" in recent
    [select] = presses(line)
    rows = await world.database.fetch(
        "SELECT DISTINCT fingerprint FROM alert_decisions WHERE title LIKE '%4711%'"
    )
    chosen = [str(rows[0]["fingerprint"])]
    refused = shown(await world.click(line, select, by="observer", values=chosen))
    assert "responder" in refused["content"]
    answer = shown(await world.click(line, select, values=chosen))
    assert "ALERT-2 として追跡します" in answer["content"]
    again = shown(await world.click(line, select, values=chosen))
    assert "もう保留していません" in again["content"]
    await world.until(thread, contains="追跡に移したもの：1 件")
    await world.until(thread, contains="影響：1 件のアラートを保留中")
    await world.until("p1-ops", contains="No.1 の影響として保留していたアラート (計 2 回) を追跡")
