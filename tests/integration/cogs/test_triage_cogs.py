"""/triage and 🧭 on a message, as people use them: forms, cards and presses, across restarts of the bot."""

import asyncio

from bot.domain.triage.session import TriageStatus
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.triages import TriageRows
from tests.integration.cogs.console_world import (
    ConsoleWorld,
    alerted,
    presses,
    shown,
    started,
    words,
)


async def test_a_triage_reaches_its_alert_across_a_restart(world: ConsoleWorld) -> None:
    """Four clicks and one text field; the bot forgets everything half-way."""
    card = await started(world, targets=["api.parky.co.jp"], symptoms=["errors"], started="5分前")
    assert "本番ユーザーに影響がありますか" in words(card)
    await world.restart()
    card = shown(await world.click(card, "tri:v1:answer:1:users_affected:unsure"))
    assert "本番影響は不明 (安全側で「はい」)" in words(card)
    card = shown(await world.click(card, "tri:v1:answer:1:large_impact:yes"))
    path = "本番影響は不明 (安全側で「はい」) → 影響大"
    for told in ("SEV1 / P0", path, "#p0-alerts に @here", "@primary に DM"):
        assert told in words(card)
    await world.click(card, "tri:v1:confirm:1:SEV1")
    done = await world.until("general", contains="発報しました")
    # With the way there, unless the post took longer than people look at a screen.
    there = "スレッドへ" in words(done) and "https://discord.com/channels/" in words(done)
    assert there or "投稿中です" in words(done)
    alert = await world.until("p0-alerts", contains="inc:v1:ack:1")
    assert alert["mention_everyone"]
    assert path in words(alert), "it is still not known"


async def test_a_report_joins_the_similar_incident_that_its_card_shows(world: ConsoleWorld) -> None:
    """A report with a more severe result joins the similar incident and raises the incident's severity.

    The card says so before the press, and the answer says so after it.
    """
    await alerted(world, severity="sev3")
    card = await started(world)
    card = shown(await world.click(card, "tri:v1:answer:1:users_affected:yes"))
    card = shown(await world.click(card, "tri:v1:answer:1:large_impact:yes"))
    assert "合流すると INC-1 を **SEV3 から SEV1 に上げます**" in words(card)
    card = shown(await world.click(card, "tri:v1:join_up:1:1:SEV1"))
    assert "INC-1 に合流しました" in words(card)
    assert "SEV1 · " in words(card)
    assert [one.id for one in await IncidentRows(world.store.sql).open_incidents(world.guild_id)] == [1]


async def test_what_is_raised_at_once_hears_of_a_similar_one(world: ConsoleWorld) -> None:
    """`/sev1` raises the alert first, and then names the similar incident."""
    await alerted(world, severity="sev2")
    await world.command("sev2", title="決済APIが 5xx を返す")
    told = await world.until("general", contains="似た継続中の件")
    assert "発報しました** INC-2" in words(told)
    assert "`/incident merge` で INC-1 に統合" in words(told)
    await world.click(await world.until("p1-ops", contains="inc:v1:ack:2"), "inc:v1:ack:2", by="primary")
    told = await world.until("general", contains="@primary が対応中")
    assert "似た継続中の件" in words(told), "it stays when the answer names who is on it"


async def test_a_start_time_that_cannot_be_read_loses_nothing(world: ConsoleWorld) -> None:
    """The refusal offers the form again with what was typed, even after a restart."""
    refusal = await started(
        world, title="*決済* が 5xx", targets=["api.parky.co.jp"], symptoms=["slow"], started="さっき"
    )
    assert "開始時刻「さっき」は読めません" in refusal["content"]
    await world.restart()
    (retry,) = presses(refusal)
    form = await world.click(refusal, retry)
    inputs = [label["component"] for label in form["modal"]["components"]]
    assert inputs[0]["value"] == "*決済* が 5xx"
    assert [option["value"] for option in inputs[1]["options"] if option.get("default")] == [
        "api.parky.co.jp"
    ]
    assert [option["value"] for option in inputs[2]["options"] if option.get("default")] == ["slow"]
    assert inputs[3]["value"] == "さっき"
    card = shown(await world.send(form, started="10分前"))
    assert "本番ユーザーに影響がありますか" in words(card)


async def test_back_cancel_and_choosing_by_hand(world: ConsoleWorld) -> None:
    """The ways out of the tree."""
    card = await started(world)
    card = shown(await world.click(card, "tri:v1:answer:1:users_affected:yes"))
    card = shown(await world.click(card, "tri:v1:answer:1:large_impact:no"))
    card = shown(await world.click(card, "tri:v1:severity:1", values=["SEV3"]))
    assert "SEV3 / P2" in words(card)
    assert "手動で選択" in words(card)
    card = shown(await world.click(card, "tri:v1:back:1"))
    assert "影響は大きいですか" in words(card)
    stale = card
    card = shown(await world.click(card, "tri:v1:cancel:1"))
    assert "取消" in words(card)
    assert presses(card) == []
    assert stale["id"] == card["id"]
    assert (await TriageRows(world.store.sql).triage(1)).status is TriageStatus.CANCELLED


async def test_a_reevaluation_says_when_it_is_asked_again_and_can_be_dismissed(world: ConsoleWorld) -> None:
    """再評価 is a state with a clock of its own."""
    card = await started(world)
    card = shown(await world.click(card, "tri:v1:answer:1:users_affected:no"))
    card = shown(await world.click(card, "tri:v1:answer:1:dev_only:no"))
    assert "15 分以内に誰も答えなければ SEV2" in words(card)
    card = shown(await world.click(card, "tri:v1:confirm:1:reevaluate"))
    assert "再評価に回しました" in words(card)
    question = await world.until("p1-ops", contains="tri:v1:dismiss:1")
    # The buttons stay for those who press at the same moment: what takes them away does not come through.
    await world.human("POST", "fault", route="PATCH /channels/*/messages/*", status=503)
    told = shown(await world.click(question, "tri:v1:dismiss:1"))
    assert "問題なし" in told["content"]
    late = shown(await world.click(question, "tri:v1:promote:1"))
    assert "回答済み" in late["content"]


async def test_a_reevaluation_can_be_raised(world: ConsoleWorld) -> None:
    """A re-evaluation that finds an incident raises its alert."""
    card = await started(world)
    card = shown(await world.click(card, "tri:v1:answer:1:users_affected:no"))
    card = shown(await world.click(card, "tri:v1:answer:1:dev_only:no"))
    await world.click(card, "tri:v1:confirm:1:reevaluate")
    question = await world.until("p1-ops", contains="tri:v1:promote:1")
    told = shown(await world.click(question, "tri:v1:promote:1"))
    assert "INC-1 を SEV2 として発報しました" in told["content"]


async def test_the_short_way_links_to_the_post(world: ConsoleWorld) -> None:
    """The policy makes the command `/sev2`, whose alert has no @here."""
    await alerted(world, severity="sev2")
    done = await world.until("general", contains="スレッドへ")
    assert "SEV2 · " in words(done)


async def test_a_stop_lets_answers_finish(world: ConsoleWorld) -> None:
    """A press right before the bot stops still moves the card on."""
    card = await started(world)
    end = (await world.human("GET", "log?since=9007199254740992"))["next"]
    await world.human("POST", "fault", route="PATCH /webhooks/*/*/messages/*", delay_s=0.3)
    pressed = asyncio.create_task(world.click(card, "tri:v1:answer:1:users_affected:yes"))
    await world.deferred(since=end)
    await world.restart()
    assert "影響は大きいですか" in words(shown(await pressed))


async def test_a_triage_joined_after_a_restart_can_be_raised_without_a_database(world: ConsoleWorld) -> None:
    """[トリアージに参加] shows a card that another process began; the alert is raised all the same."""
    card = await started(world)
    for question in ("users_affected", "large_impact"):
        card = shown(await world.click(card, f"tri:v1:answer:1:{question}:yes"))
    line = await world.until("general", contains="tri:v1:show:1")
    await world.restart()
    card = shown(await world.click(line, "tri:v1:show:1", by="primary"))
    await world.rest()
    world.database.is_away = True
    done = shown(await world.click(card, "tri:v1:confirm:1:SEV1", by="primary"))
    world.database.is_away = False
    assert "#p0-alerts に投稿し" in done["content"]
