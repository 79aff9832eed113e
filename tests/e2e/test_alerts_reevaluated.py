"""再評価 about a monitor's alert: what says "raise" lowers nothing, and stops no ladder."""

from collections.abc import AsyncIterator

import pytest_asyncio

from bot.demo.play import Triage
from bot.demo.screen import Message
from tests.e2e.conftest import MakeWorld
from tests.e2e.monitor import TITLE, Monitor
from tests.e2e.severities import REEVALUATE
from tests.e2e.world import World


@pytest_asyncio.fixture
async def world(make_world: MakeWorld) -> AsyncIterator[World]:
    """One whose bot may read what others write."""
    async with make_world(MESSAGE_CONTENT="true") as made:
        await made.human.change("application", message_content=True)
        await made.start_bot()
        yield made


async def held_for_later(world: World, answer: Message) -> Message:
    """🔎 under the bot's answer, and a triage that ends in 再評価; the post that says so."""
    opened = await world.click(answer, "triage", by="responder")
    sent = await world.human.submit("responder", opened, {"title": TITLE})
    walk = Triage(world.human, "responder", "p0-alerts")
    card = await walk.answer(sent.messages[-1], *REEVALUATE, "再評価に回す")
    assert "もとのアラートのほうが重ければ、その重大度のままです" in card.text
    return await world.expect_message("p1-ops", contains=f"🟡 再評価 · {TITLE}", pings_here=False)


async def rung_as_sev1(world: World) -> None:
    """One step of the SEV1 ladder."""
    await world.expect_message("p0-alerts", contains="ack なし", pings_here=True)
    for who in ("primary", "secondary"):
        await world.expect_dm(who, contains=TITLE)


async def opened_thread(world: World, post: Message) -> None:
    """The thread of a SEV1 begins with its start time."""
    await world.idle()
    await world.ledger.expect(post.id, "開始時刻")
    await world.ledger.expect(post.id, "SEV1")


async def test_an_unanswered_reevaluation_lowers_no_burning_alert(world: World) -> None:
    """A SEV1 that nobody has taken stays one when the clock makes it an incident: its ladder goes on."""
    _, answer = await Monitor(world, "p0-alerts").alert()
    await world.expect_dm("primary", contains=TITLE)
    await held_for_later(world, answer)
    await world.fast_forward(minutes=15)
    await rung_as_sev1(world)
    await world.fast_forward(minutes=15)
    await rung_as_sev1(world)
    question = await world.expect_message("p1-ops", contains="もう一度見てください")
    await world.restart_bot()
    await world.fast_forward(minutes=15)
    post = await world.ledger.expect("p0-alerts", TITLE, where=lambda found: "再評価に回答なし" in found.text)
    assert "SEV1" in post.content
    assert post.pings_here
    await world.expect_link(question, post.id)
    await opened_thread(world, post)
    await world.fast_forward(minutes=16)
    await rung_as_sev1(world)
    assert [row["severity"] for row in await world.rows("SELECT severity FROM incidents")] == ["SEV1"]
    assert await world.rows("SELECT FROM timeline WHERE kind = 'severity_changed'") == []


async def test_raising_under_a_reevaluation_keeps_who_is_on_it(world: World) -> None:
    """[発報する] about an acknowledged SEV1: it is a SEV1, it is still theirs, and nobody is rung."""
    posted, answer = await Monitor(world, "p0-alerts").alert()
    await world.expect_dm("primary", contains=TITLE)
    held = await held_for_later(world, answer)
    await world.react(posted, by="primary")
    await world.expect_text(answer, "👀 @primary")
    said = await world.click(held, "発報する", by="secondary")
    assert "INC-1 を SEV1 として発報しました" in said.text
    post = await world.ledger.expect("p0-alerts", TITLE, where=lambda found: "対応中" in found.content)
    assert not post.pings_here
    await opened_thread(world, post)
    await world.fast_forward(minutes=20)
    await world.expect_nothing_more()
    [row] = await world.rows("SELECT status, severity FROM incidents")
    assert (row["status"], row["severity"]) == ("acknowledged", "SEV1")
