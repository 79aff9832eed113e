"""Triages of a monitor's alert: "raise" never lowers it, and lowering needs its own permission."""

from pathlib import Path

import pytest

from bot.demo.play import CONFIRM, TriageWalk
from bot.runbook import default_policy_text
from local_discord.people import Message
from tests.e2e.conftest import MakeWorld
from tests.e2e.monitor import TITLE, Monitor
from tests.e2e.severities import NO, REEVALUATE, YES
from tests.e2e.test_private import private_thread
from tests.e2e.world import World


@pytest.fixture
def world(reading: World) -> World:
    """A world whose bot may read other people's messages."""
    return reading


async def held_for_later(world: World, answer: Message, *, channel: str = "p0-alerts") -> Message:
    """🔎 under the bot's answer, and a triage that ends in 再評価; the post that says so."""
    opened = await world.click(answer, "triage", by="responder")
    sent = await world.human.submit("responder", opened, {"title": TITLE})
    walk = TriageWalk(world.human, "responder", channel)
    card = await walk.answer(sent.messages[-1], *REEVALUATE, "再評価に回す")
    assert "もとのアラートのほうが重ければ、その重大度のままです" in card.text
    return await world.expect_message("p1-ops", contains=f"🟡 再評価 · {TITLE}", pings_here=False)


async def rung_as_sev1(world: World) -> None:
    """One step of the SEV1 ladder."""
    await world.expect_message("p0-alerts", contains="ack なし", pings_here=True)
    for who in ("primary", "secondary"):
        await world.expect_dm(who, contains=TITLE)


async def opened_thread(world: World, post: Message, severity: str = "SEV1") -> None:
    """A thread begins with the start time."""
    await world.idle()
    await world.ledger.expect(post.id, "開始時刻")
    await world.ledger.expect(post.id, severity)


async def test_an_unanswered_reevaluation_lowers_no_burning_alert(world: World) -> None:
    """An unacknowledged SEV1 stays a SEV1 when the clock makes it an incident, and its ladder goes on."""
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
    """[発報する] on an acknowledged SEV1 keeps its severity and responder, and pages no one."""
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


async def test_whoever_may_not_change_severities_lowers_no_alert(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    """Lowering a SEV1 alert to SEV3 without the permission is refused, with the steps to take instead."""
    permission = 'severity = ["responder", "on-call", "admin"]'
    assert permission in default_policy_text()
    policy = tmp_path / "policy.toml"
    policy.write_text(default_policy_text().replace(permission, 'severity = ["admin"]'), encoding="utf-8")
    async with make_world(RUNBOOK_FILE=str(policy)) as world:
        await world.start_bot()
        _, answer = await Monitor(world, "p0-alerts").alert()
        await world.expect_dm("primary", contains="SEV1")
        opened = await world.click(answer, "triage", by="responder")
        sent = await world.human.submit("responder", opened, {"title": TITLE})
        card = await TriageWalk(world.human, "responder", "p0-alerts").answer(sent.messages[-1], NO, YES)
        refused = await world.human.press("responder", card, CONFIRM)
        assert "INC-1 は SEV1 で追跡中なので、SEV3 にすると重大度が下がります" in refused.text
        assert "@admin" in refused.text
        [row] = await world.rows("SELECT action, data ->> 'act' AS act FROM audit WHERE NOT allowed")
        assert (row["action"], row["act"]) == ("severity", "triage.confirm")
        await world.human.press("responder", card, "重大度を変える", values=["SEV1"])
        [shown] = [
            one for one in await world.human.messages("p0-alerts", user="responder") if one.id == card.id
        ]
        await world.human.press("responder", shown, CONFIRM)
        post = await world.ledger.expect("p0-alerts", f"SEV1 · {TITLE}")
        assert "INC-1" in post.text
        await opened_thread(world, post)


async def test_an_incident_ends_the_reevaluation_of_its_alert(world: World) -> None:
    """🚨 ends the alert's re-evaluation: its posts link to the incident, and no clock raises a second one."""
    _, answer = await Monitor(world).alert()
    await world.expect_dm("primary", contains=TITLE)
    held = await held_for_later(world, answer, channel="p1-ops")
    await world.click(answer, "インシデントにする", by="primary")
    post = await world.ledger.expect("p1-ops", TITLE, where=lambda found: "追跡中" not in found.text)
    await opened_thread(world, await world.ledger.expect("p0-alerts", TITLE), "SEV2")
    await world.expect_link(held, post.id)
    asked = await world.command("incident private", by="primary", number=1)
    await world.human.press("primary", asked.messages[-1], "非公開にする")
    thread = await private_thread(world)
    for part in ("開始時刻", f"SEV2 · {TITLE}", "SEV2 / P1", "非公開にしました"):
        await world.expect_message(thread, contains=part)
    await world.expect_text(held, "非公開")
    await world.settle()
    assert TITLE not in (await world.reread(held)).text
    await world.fast_forward(minutes=46)
    await world.expect_nothing_more()
    [walk] = await world.rows("SELECT status, incident_id, ended_by_name FROM triages")
    assert (walk["status"], walk["incident_id"], walk["ended_by_name"]) == ("opened", 1, "primary")
    assert len(await world.rows("SELECT FROM incidents")) == 1
