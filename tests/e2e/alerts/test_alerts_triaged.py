"""Triages of a monitor's alert: "raise" never lowers it, and lowering needs its own permission."""

import pytest

from bot.demo.triage_walk import TriageWalk
from local_discord.client import Message
from tests.e2e.alerts.monitor import TITLE, Monitor
from tests.e2e.world.severities import REEVALUATE
from tests.e2e.world.world import World


@pytest.fixture
def world(reading: World) -> World:
    """A world whose bot may read other people's messages."""
    return reading


async def held_for_later(world: World, answer: Message, *, channel: str = "p0-alerts") -> Message:
    """🔎 under the bot's answer, and a triage that ends in 再評価; the post that says so."""
    opened = await world.click(answer, "トリアージ", by="responder")
    sent = await world.human.submit("responder", opened, {"title": TITLE})
    walk = TriageWalk(world.human, "responder", channel)
    card = await walk.answer(sent.messages[-1], *REEVALUATE, "再評価に回す")
    assert "もとのアラートのほうが重ければ、その重大度のままです" in card.text
    return await world.expect_message("p1-ops", contains=f"🟡 再評価 · {TITLE}", pings_here=False)


async def opened_thread(world: World, post: Message, severity: str = "SEV1") -> None:
    """A thread begins with the start time."""
    await world.idle()
    await world.ledger.expect(post.id, "開始時刻")
    await world.ledger.expect(post.id, severity)


async def test_raising_under_a_reevaluation_keeps_who_is_on_it(world: World) -> None:
    """[発報する] on an acknowledged SEV1 keeps its severity and responder, and pages no one."""
    posted, answer = await Monitor(world, "p0-alerts").alert()
    await world.expect_dm("primary", contains=TITLE)
    held = await held_for_later(world, answer)
    await world.react(posted, by="primary")
    await world.expect_text(answer, "@primary が対応中")
    said = await world.click(held, "発報する", by="secondary")
    assert "INC-1 を SEV1 として発報しました" in said.text
    post = await world.ledger.expect("p0-alerts", TITLE, where=lambda found: "対応中" in found.content)
    assert not post.pings_here
    await opened_thread(world, post)
    await world.fast_forward(minutes=20)
    await world.expect_nothing_more()
    [row] = await world.rows("SELECT status, severity FROM incidents")
    assert (row["status"], row["severity"]) == ("acknowledged", "SEV1")


async def test_an_incident_ends_the_reevaluation_of_its_alert(world: World) -> None:
    """🚨 ends the alert's re-evaluation: its posts link to the incident, and no clock raises a second one."""
    _, answer = await Monitor(world).alert()
    await world.expect_dm("primary", contains=TITLE)
    held = await held_for_later(world, answer, channel="p1-ops")
    await world.click(answer, "インシデントにする", by="primary")
    post = await world.ledger.expect("p1-ops", TITLE, where=lambda found: "ALERT-1" not in found.text)
    await opened_thread(world, await world.ledger.expect("p0-alerts", TITLE), "SEV2")
    await world.expect_link(held, post.id)
    await world.fast_forward(minutes=46)
    await world.expect_nothing_more()
    [walk] = await world.rows("SELECT status, incident_id, ended_by_name FROM triages")
    assert (walk["status"], walk["incident_id"], walk["ended_by_name"]) == ("opened", 1, "primary")
    assert len(await world.rows("SELECT FROM incidents")) == 1
