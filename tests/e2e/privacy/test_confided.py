"""Messages in a private incident's thread stay among its people."""

from bot.demo.triage_walk import CONFIRM, TriageReport, TriageWalk
from tests.e2e.privacy.test_private import TITLE, WORD, confirmed_private, expect_hidden
from tests.e2e.world.severities import SEV1, YES
from tests.e2e.world.world import World

MENU = "Triage this message"


async def test_what_became_private_is_told_by_no_triage(world: World) -> None:
    """After a restart, an old triage card shows only the number of an incident made private.

    The menu on a message in its thread opens no form, and no outsider reads any of it.
    """
    walk, joined = (
        TriageWalk(world.human, "responder", "general"),
        TriageWalk(world.human, "secondary", "general"),
    )
    card = await walk.begin(TriageReport(TITLE))
    line = await world.human.see("general", f"トリアージ中 · {TITLE}")
    theirs = (await world.click(line, "トリアージに参加", by="secondary")).messages[-1]
    await walk.answer(card, YES, YES, CONFIRM)
    alert = await world.expect_alert(SEV1, TITLE)
    asked = await world.command("incident private", by="primary", number=alert.number)
    thread = await confirmed_private(world, asked)
    await world.settle()
    await world.restart_bot()
    pressed = await joined.press(theirs, YES)
    assert pressed.text == f"🔒 {alert.label} · 非公開"
    assert pressed.controls == []
    said = await world.human.say("primary", thread, f"{WORD}は 300 件です")
    refused = await world.human.context("primary", thread, MENU, said)
    assert refused.modal is None
    assert "非公開インシデントのスレッドの発言です" in refused.text
    kept = await world.human.context("primary", thread, "Add to timeline", said)
    assert alert.label in kept.text, "its own timeline takes it"
    await expect_hidden(world)
    assert await world.rows("SELECT FROM noted_messages") == []
    await world.expect_nothing_more()
