"""Messages in a private incident's thread stay among its people."""

import pytest

from bot.demo.play import CONFIRM, TriageReport, TriageWalk
from local_discord.people import HumanSideError
from tests.e2e.severities import SEV1, YES
from tests.e2e.test_private import TITLE, WORD, confirmed_private, expect_hidden, open_private
from tests.e2e.world import World

MENU = "Triage this message"


async def test_what_is_said_inside_is_no_public_ones_evidence(world: World) -> None:
    """The menu on a message in a private thread opens no form, and no outsider reads any of it."""
    thread, _ = await open_private(world)
    said = await world.human.say("primary", thread, f"{WORD}は 300 件です")
    refused = await world.human.context("primary", thread, MENU, said)
    assert refused.modal is None
    assert "非公開インシデントのスレッドの発言です" in refused.text
    assert "/incident declare" in refused.text
    kept = await world.human.context("primary", thread, "Add to timeline", said)
    assert "INC-1" in kept.text, "its own timeline takes it"
    await expect_hidden(world)
    assert await world.rows("SELECT FROM triages") == []
    assert await world.rows("SELECT FROM noted_messages") == []
    await world.expect_nothing_more()


async def test_made_private_while_a_message_of_it_is_triaged(world: World) -> None:
    """The form that is open is refused when it is sent; a card's buttons are dead in the locked thread."""
    alert = await world.triage(SEV1, title=TITLE)
    said = await world.human.say("responder", alert.thread, f"{WORD}は 300 件です")
    forms = [await world.human.context("responder", alert.thread, MENU, said) for _ in range(2)]
    began = await world.human.submit("responder", forms[0], {"title": "別の件名"})
    walk = TriageWalk(world.human, "responder", alert.thread)
    card = await walk.answer(began.messages[-1], YES, YES)
    await world.human.see(alert.thread, "別の件名")
    await world.settle()
    asked = await world.command("incident private", by="primary", number=alert.number)
    thread = await confirmed_private(world, asked)
    await world.expect_message(thread, contains="人が書いたメッセージ 1 件")
    sent = await world.human.submit("responder", forms[1], {"title": "さらに別の件名"})
    assert "非公開インシデントのスレッドの発言です" in sent.text
    with pytest.raises(HumanSideError, match="160005"):
        await world.human.press("responder", card, CONFIRM)
    assert len(await world.rows("SELECT FROM incidents")) == 1
    assert await world.rows("SELECT FROM timeline WHERE kind = 'evidence'") == []
    await world.expect_nothing_more()


async def test_an_old_card_tells_nothing_of_what_became_private(world: World) -> None:
    """After a restart, an old triage card shows only the number of an incident made private."""
    walk, joined = (
        TriageWalk(world.human, "responder", "general"),
        TriageWalk(world.human, "secondary", "general"),
    )
    card = await walk.begin(TriageReport(TITLE))
    line = await world.human.see("general", f"triage 中 · {TITLE}")
    theirs = (await world.click(line, "判定に加わる", by="secondary")).messages[-1]
    await walk.answer(card, YES, YES, CONFIRM)
    alert = await world.expect_alert(SEV1, TITLE)
    asked = await world.command("incident private", by="primary", number=alert.number)
    await confirmed_private(world, asked)
    await world.settle()
    await world.restart_bot()
    pressed = await joined.press(theirs, YES)
    assert pressed.text == f"🔒 {alert.label} · 非公開"
    assert pressed.controls == []
    await world.expect_nothing_more()
