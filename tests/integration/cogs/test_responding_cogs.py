"""The buttons and reactions under an alert, in a thread and in a DM, as responders use them."""

import re
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.storage.tables.incidents import IncidentRows
from bot.ui.interaction import soon
from tests.by_person import name_of
from tests.integration.cogs.console_world import ConsoleWorld, alerted, shown, started, words
from tests.patience import PATIENCE_S


async def test_ack_says_what_it_changed(world: ConsoleWorld) -> None:
    """Acknowledging tells a person whether they are first, join, are on it already or come too late."""
    alert = await alerted(world)
    await world.pass_time(minutes=2)
    assert (
        "ack し、エスカレーションを止めました (2 分)"
        in shown(await world.click(alert, "inc:v1:ack:1"))["content"]
    )
    alert = await world.until("p0-alerts", contains="inc:v1:resolve:1")
    others = shown(await world.click(alert, "inc:v1:others:1", by="secondary"))
    joined = shown(await world.click(others, "inc:v1:ack:1", by="secondary"))
    assert "先に @responder が対応していました" in joined["content"]
    assert "参加済み" in shown(await world.click(others, "inc:v1:ack:1", by="secondary"))["content"]
    others = shown(await world.click(alert, "inc:v1:others:1", by="primary"))
    await world.resolve(1)
    assert "🟢 解決" in shown(await world.click(others, "inc:v1:ack:1", by="primary"))["content"]


async def test_a_reaction_acknowledges_and_a_strangers_does_not(world: ConsoleWorld) -> None:
    """A member with the role acknowledges; the refusal of another is in the audit log alone."""
    alert = await alerted(world)
    await world.react(alert, "👀", by="observer")
    await world.refused()
    await world.react(alert, "🎉", by="responder")
    await world.react(alert, "👀", by="responder")
    incident = await world.acknowledged(1)
    assert name_of(incident.acknowledged) == "responder"
    assert [(row.actor_name, row.action, row.allowed) for row in await world.database.audit_rows()] == [
        ("responder", "opened", True),
        ("observer", "acknowledge", False),
        ("responder", "acknowledged", True),
    ]


@pytest.mark.parametrize("how", ["reaction", "button"])
async def test_a_dm_acknowledges(world: ConsoleWorld, how: str) -> None:
    """Discord sends no roles with an event in a DM, so the bot reads the member's roles from the server."""
    await alerted(world)
    dm = await world.until("dm:primary", contains="inc:v1:ack:1", by="primary")
    if how == "reaction":
        await world.react(dm, "👀", by="primary")
    else:
        await world.click(dm, "inc:v1:ack:1", by="primary")
    assert name_of((await world.acknowledged(1)).acknowledged) == "primary"


async def test_a_reaction_during_an_absence_counts_at_the_next_ready(world: ConsoleWorld) -> None:
    """A 👀 that was added while the bot was stopped acknowledges at the next start."""
    alert = await alerted(world)
    await world.rest()  # that it was sent is on record
    await world.stop()
    await world.react(alert, "👀", by="responder")
    await world.start()
    assert name_of((await world.acknowledged(1)).acknowledged) == "responder"


async def test_a_reaction_is_not_lost_while_the_database_is_away(world: ConsoleWorld) -> None:
    """The bot answers nothing, and reads the reaction again when its session is resumed."""
    alert = await alerted(world)
    with capture_logs() as logged:
        world.database.is_away = True
        await world.react(alert, "👀", by="responder")
        await world.logged(logged, "reaction.not_recorded")
        world.database.is_away = False
        await world.human("POST", "fault", gateway="drop")
        await world.logged(logged, "gateway.resumed")
    assert name_of((await world.acknowledged(1)).acknowledged) == "responder"


async def test_the_reporters_answer_names_who_is_on_it(world: ConsoleWorld) -> None:
    """An edit of what only they see, without a ping."""
    card = await started(world)
    for answer in ("users_affected:yes", "large_impact:yes"):
        card = shown(await world.click(card, f"tri:v1:answer:1:{answer}"))
    await world.click(card, "tri:v1:confirm:1:SEV1")
    alert = await world.until("p0-alerts", contains="inc:v1:ack:1")
    await world.click(alert, "inc:v1:ack:1", by="primary")

    async def reporters_answer() -> str:
        there = [words(one) for one in await world.messages("general")]
        return next((one for one in there if "発報しました" in one), "")

    told = await soon(reporters_answer, done=lambda text: "@primary が対応中" in text, within_s=PATIENCE_S)
    assert told is not None
    assert "次の更新" in told


async def test_passing_on_says_to_whom(world: ConsoleWorld) -> None:
    """対応できない takes the next step of the ladder now, and the answer names the next person."""
    await alerted(world)
    dm = await world.until("dm:primary", contains="inc:v1:decline:1", by="primary")
    told = shown(await world.click(dm, "inc:v1:decline:1", by="primary"))
    assert "@secondary に引き継ぎ" in told["content"]
    passed = await world.until("dm:secondary", contains="inc:v1:ack:1", by="secondary")
    why = shown(await world.click(passed, "inc:v1:why:1", by="secondary"))
    assert "が対応できないため、次の当番に回しました" in why["content"]
    assert "先に試した人：@primary" in why["content"]


async def test_a_form_that_was_open_during_a_restart_can_be_sent(world: ConsoleWorld) -> None:
    """✏️ shows what is known; modals keep nothing in memory either."""
    alert = await alerted(world)
    form = await world.click(alert, "inc:v1:details:1")
    await world.restart()
    where: Any = {"affected:0:0": ["t:api.parky.co.jp", "s:slow", "s:errors"]}
    told = shown(await world.send(form, **where))
    assert "INC-1 の対象と症状を更新" in told["content"]
    edited = await world.until("p0-alerts", contains="api.parky.co.jp")
    again = await world.click(edited, "inc:v1:details:1")
    chosen = [
        option["value"]
        for label in again["modal"]["components"]
        if label["component"]["custom_id"].startswith("affected:")
        for option in label["component"]["options"]
        if option.get("default")
    ]
    assert chosen == ["t:api.parky.co.jp", "s:slow", "s:errors"]


async def test_a_note_reaches_the_thread(world: ConsoleWorld) -> None:
    """📝 by the button's form, /incident note by the command; in the thread no number is needed."""
    await alerted(world)
    done = await world.until("general", contains="スレッドへ")
    card = shown(await world.command("incident show", number=1))
    form = await world.click(card, "inc:v1:note:1")
    assert "メモを残しました" in shown(await world.send(form, note="rollback した"))["content"]
    thread = re.findall(r"channels/\d+/(\d+)$", words(done), re.MULTILINE)[-1]
    await world.until(thread, contains="rollback した")
    await world.command("incident note", where=thread, text="戻った")
    await world.until(thread, contains="戻った")
    refused = shown(await world.command("incident note", text="どこ"))
    assert "どのインシデントですか" in refused["content"]
    history = shown(await world.click(card, "inc:v1:timeline:1"))
    assert "INC-1 のタイムライン" in words(history)
    why = shown(await world.click(card, "inc:v1:why:1"))
    assert "あなたは呼び出されていません" in why["content"]


async def test_the_first_response_sheet_has_the_commands(world: ConsoleWorld) -> None:
    """The button 📋 shows the first-response commands to the person who pressed it alone."""
    alert = await alerted(world)
    sheet = shown(await world.click(alert, "inc:v1:first:1"))
    assert sheet["only_for"] == "responder"
    assert "npx wrangler tail --config wrangler.<worker>.toml --env prod" in words(sheet)


async def test_a_severity_that_moved_while_the_form_was_open_is_not_undone(world: ConsoleWorld) -> None:
    """The sender is told the present severity, and gets the typed reason back."""
    alert = await alerted(world)
    form, first = [await world.click(alert, "inc:v1:severity:1") for _ in range(2)]
    await world.send(first, severity=["SEV2"], reason="一部だけだった")
    told = shown(await world.send(form, severity=["SEV3"], reason="もう直った"))["content"]
    assert "SEV2 に変わりました" in told
    assert "もう直った" in told
    assert (await IncidentRows(world.store.sql).incident(1)).severity == "SEV2"
