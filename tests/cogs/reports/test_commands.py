"""What a person without the role sees, and what those who take their report up do."""

import asyncio
from typing import Any

import pytest

from bot.domain.incident.transitions import AckVia
from bot.ui import interaction
from cogs.reports.rules import ReportRules
from cogs.reports.use_cases import Reporting
from tests.integration.cogs.console_world import ConsoleWorld, shown, words
from tests.patience import PATIENCE_S
from tests.services.desk import PRIMARY

MENU = "Triage this message"


async def seen(world: ConsoleWorld, channel: str, said: str, *, by: str = "responder") -> dict[str, Any]:
    """The latest message of a channel that says *said*, once the queue has nothing to do."""
    await world.rest()
    return [one for one in await world.messages(channel, by=by) if said in str(one)][-1]


async def test_a_severity_is_handed_on_as_it_was_typed(world: ConsoleWorld) -> None:
    """`/sev1` of the observer is a report; one press and it is a SEV1 whose reporter is told."""
    answer = words(shown(await world.command("sev1", by="observer", title="2 階で払えません")))
    assert "報告を受け付けました。#p1-ops と当番の" in answer
    assert "まだ誰も確認していません" in answer
    post = await seen(world, "p1-ops", "SEV1 かもしれません")
    assert "@here" not in post["content"]
    card = shown(await world.click(post, "rep:v1:take_up:1", by="primary"))
    assert "SEV1 / P0" in words(card)
    await world.click(card, "tri:v1:confirm:1:SEV1", by="primary")
    await world.services.of(Reporting).look()
    assert "@primary が取り上げました" in (await seen(world, "p1-ops", "SEV1 · 2 階で払えません"))["content"]
    assert "2 階で払えません" in (await seen(world, "dm:observer", "あなたの報告", by="observer"))["content"]
    assert "@observer" in str(await seen(world, "p0-alerts", "2 階で払えません"))


async def test_the_answer_follows_what_becomes_of_it(
    world: ConsoleWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person's own screen says who looks at it, and names the incident and who has it."""
    monkeypatch.setattr(interaction, "_FOLLOW_EVERY_S", 0.05)
    answer = shown(await world.command("sev1", by="observer", title="2 階で払えません"))
    card = shown(await world.click(await seen(world, "p1-ops", "🙋 報告"), "rep:v1:take_up:1", by="primary"))
    assert await follows(world, answer, "@primary が確認しています")
    await world.click(card, "tri:v1:confirm:1:SEV1", by="primary")
    await world.acknowledger.acknowledge(1, by=PRIMARY, via=AckVia.BUTTON)
    assert await follows(world, answer, "SEV1 · 2 階で払えません · **@primary が対応中")


async def follows(world: ConsoleWorld, answer: dict[str, Any], said: str) -> bool:
    """Wait until the observer's own answer says *said*."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            own = [one for one in await world.messages("general", by="observer") if one["id"] == answer["id"]]
            if said in words(own):
                return True
            await asyncio.sleep(0.05)


async def test_triage_asks_what_happened(world: ConsoleWorld) -> None:
    """The form says where it goes; what was typed reaches those who triage it, without its mentions."""
    form = await world.command("triage", by="observer")
    sent = await world.send(
        form, by="observer", title="決済が通りません", report_details="@here **2 階**の端末"
    )
    assert "報告を受け付けました" in words(shown(sent))
    dm = await seen(world, "dm:primary", "あなたが当番です", by="primary")
    card = shown(await world.click(dm, "rep:v1:take_up:1", by="primary"))
    assert "決済が通りません" in words(card)
    assert "2 階" in words(card)
    assert "@primary が確認しています" in str(await seen(world, "p1-ops", "🙋 報告"))


async def test_the_menu_reports_a_message(world: ConsoleWorld) -> None:
    """Its words are the title and the evidence, even if it is deleted by then; it is one triage."""
    said = await world.human("POST", "say", user="observer", channel="general", content="決済が通りません")
    form = await world.context(MENU, said, by="observer")
    assert "決済が通りません" in str(form["modal"])
    await world.human("DELETE", "message", user="observer", message=said["id"])
    await world.send(form, by="observer", title="決済が通りません")
    post = await seen(world, "p1-ops", "🙋 報告")
    assert f"/{said['channel_id']}/{said['id']}" in str(post["components"])
    card = shown(await world.click(post, "rep:v1:take_up:1", by="primary"))
    assert "> 決済が通りません — @observer" in words(card)
    [walk] = await world.database.fetch("SELECT user_name, source_message_id FROM triages")
    assert (walk["user_name"], walk["source_message_id"]) == ("primary", int(said["id"]))


async def test_a_message_that_is_an_incident_shows_it(world: ConsoleWorld) -> None:
    """The person reads that it is known instead of reporting it again."""
    said = await world.human("POST", "say", user="observer", channel="general", content="決済が通りません")
    form = await world.context(MENU, said)
    card = shown(await world.send(form, title="決済 API が 5xx"))
    for question in ("users_affected", "large_impact"):
        card = shown(await world.click(card, f"tri:v1:answer:1:{question}:yes"))
    await world.click(card, "tri:v1:confirm:1:SEV1")
    late = await world.context(MENU, said, by="observer")
    told = shown(await world.send(late, by="observer", title="決済が通りません"))
    assert "INC-1" in words(told)
    assert await world.database.fetch("SELECT FROM reports") == []


async def test_others_are_refused_with_the_role(world: ConsoleWorld) -> None:
    """[取り上げる] is for those who may report."""
    await world.command("sev1", by="observer", title="2 階で払えません")
    post = await seen(world, "p1-ops", "🙋 報告")
    refused = shown(await world.click(post, "rep:v1:take_up:1", by="observer"))
    assert "ロールが必要です" in refused["content"]


async def test_the_policy_may_forbid_it(world: ConsoleWorld) -> None:
    """Then it is as before: the role that is needed, before anything is typed."""
    world.policy = world.policy.with_rules(ReportRules(allowed=False))
    await world.restart()
    refused = await world.command("triage", by="observer")
    assert refused["modal"] is None
    assert "ロールが必要です" in shown(refused)["content"]
    assert "ロールが必要です" in shown(await world.command("sev1", by="observer", title="x"))["content"]


async def test_a_private_one_is_not_handed_on(world: ConsoleWorld) -> None:
    """What must stay private is not posted: the person is refused."""
    refused = await world.command(
        "incident declare", by="observer", title="漏洩", severity="SEV1", private=True
    )
    assert "ロールが必要です" in shown(refused)["content"]


async def test_without_the_database_the_words_come_back(world: ConsoleWorld) -> None:
    """Nothing can be recorded, so nothing is promised: the person is told where to write it."""
    form = await world.command("triage", by="observer")
    await world.rest()
    world.database.is_away = True
    lost = shown(await world.send(form, by="observer", title="決済が通りません", report_details="2 階の端末"))
    refused = shown(await world.command("sev1", by="observer", title="決済が通りません"))
    world.database.is_away = False
    assert "P0 なら #p0-alerts に直接書いてください" in lost["content"]
    assert "2 階の端末" in lost["content"]
    assert "P0 なら #p0-alerts に直接書いてください" in refused["content"]
