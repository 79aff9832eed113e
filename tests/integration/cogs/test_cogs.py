"""The consoles as people use them: commands, forms and presses over sockets, across restarts of the bot."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import discord
import pytest
from discord.http import Route
from structlog.testing import capture_logs

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.dlq.entries import DlqEntry
from bot.domain.incident.incident import Status
from bot.domain.triage.session import TriageStatus
from bot.services.records.auditing import PAGE_SIZE
from bot.ui import live
from tests.acts import name_of
from tests.integration.cogs.console_world import ConsoleWorld, Json, console_world, presses, shown, words
from tests.services.database import Database
from tests.services.desk import PRIMARY

ENTRY = "11111111-2222-3333-4444-555555555555"


@pytest.fixture
async def world(database: Database, caplog: pytest.LogCaptureFixture) -> AsyncIterator[ConsoleWorld]:
    """A connected bot; discord.py may not have swallowed an error behind its back."""
    async with console_world(database) as running:
        yield running
    swallowed = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert swallowed == []


async def alerted(world: ConsoleWorld, *, severity: str = "sev1") -> Json:
    """The alert post of an incident that was declared the short way."""
    await world.command(severity, title="決済 API が 5xx")
    channel = {"sev1": "p0-alerts", "sev2": "p1-ops", "sev3": "p2-deploys"}[severity]
    return await world.until(channel, contains="inc:v1:ack:1")


async def started(world: ConsoleWorld, **fields: Any) -> Json:
    """The card of a triage that has just begun."""
    form = await world.command("triage")
    return shown(await world.send(form, **{"title": "決済 API が 5xx", **fields}))


# -- /triage


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
    """With a more severe result: the button says so, and so does the answer."""
    await alerted(world, severity="sev3")
    card = await started(world)
    card = shown(await world.click(card, "tri:v1:answer:1:users_affected:yes"))
    card = shown(await world.click(card, "tri:v1:answer:1:large_impact:yes"))
    assert "合流すると INC-1 を **SEV3 から SEV1 に上げます**" in words(card)
    card = shown(await world.click(card, "tri:v1:join_up:1:1:SEV1"))
    assert "INC-1 に合流しました" in words(card)
    assert "SEV1 / P0" in words(card)
    assert [one.id for one in await world.store.open_incidents(world.guild_id)] == [1]


async def test_what_is_raised_at_once_hears_of_a_similar_one(world: ConsoleWorld) -> None:
    """After it was raised: nothing stands in the way of `/sev1`."""
    await alerted(world, severity="sev2")
    await world.command("sev2", title="決済APIが 5xx を返す")
    told = await world.until("general", contains="似た継続中の件")
    assert "発報しました** INC-2" in words(told)
    assert "`/incident merge` で INC-1 に統合" in words(told)
    await world.click(await world.until("p1-ops", contains="inc:v1:ack:2"), "inc:v1:ack:2", by="primary")
    told = await world.until("general", contains="👀 @primary")
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
    assert (await world.store.triage(1)).status is TriageStatus.CANCELLED


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
    """Somebody looked again, and it is one."""
    card = await started(world)
    card = shown(await world.click(card, "tri:v1:answer:1:users_affected:no"))
    card = shown(await world.click(card, "tri:v1:answer:1:dev_only:no"))
    await world.click(card, "tri:v1:confirm:1:reevaluate")
    question = await world.until("p1-ops", contains="tri:v1:promote:1")
    told = shown(await world.click(question, "tri:v1:promote:1"))
    assert "INC-1 を SEV2 として発報しました" in told["content"]


async def test_the_short_way_links_to_the_post(world: ConsoleWorld) -> None:
    """/sev2 is made from the policy; its alert rings nobody."""
    await alerted(world, severity="sev2")
    done = await world.until("general", contains="スレッドへ")
    assert "SEV2 / P1" in words(done)


async def test_a_stop_lets_answers_finish(world: ConsoleWorld) -> None:
    """Somebody pressed right before an upgrade: the card still goes on."""
    card = await started(world)
    end = (await world.human("GET", "log?since=9007199254740992"))["next"]
    await world.human("POST", "fault", route="PATCH /webhooks/*/*/messages/*", delay_s=0.3)
    pressed = asyncio.create_task(world.click(card, "tri:v1:answer:1:users_affected:yes"))
    await world.deferred(since=end)
    await world.restart()
    assert "影響は大きいですか" in words(shown(await pressed))


# -- responding


async def test_ack_says_what_it_changed(world: ConsoleWorld) -> None:
    """First, joined, already, too late."""
    alert = await alerted(world)
    await world.pass_time(minutes=2)
    assert "あなたが対応中です (2 分で ack)" in shown(await world.click(alert, "inc:v1:ack:1"))["content"]
    joined = shown(await world.click(alert, "inc:v1:ack:1", by="secondary"))
    assert "先に @responder が対応しています" in joined["content"]
    assert "参加済み" in shown(await world.click(alert, "inc:v1:ack:1", by="secondary"))["content"]
    await world.resolve(1)
    assert "🟢 解決" in shown(await world.click(alert, "inc:v1:ack:1", by="primary"))["content"]


async def test_a_reaction_acknowledges_and_a_strangers_does_not(world: ConsoleWorld) -> None:
    """👀 by somebody with a role; a refusal is in the audit and nowhere else, what was done as well."""
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
    """In a DM nobody says which roles they have: they are read from the server."""
    await alerted(world)
    dm = await world.until("dm:primary", contains="inc:v1:ack:1", by="primary")
    if how == "reaction":
        await world.react(dm, "👀", by="primary")
    else:
        await world.click(dm, "inc:v1:ack:1", by="primary")
    assert name_of((await world.acknowledged(1)).acknowledged) == "primary"


async def test_a_reaction_during_an_absence_counts_at_the_next_ready(world: ConsoleWorld) -> None:
    """Its event is lost; it stands under the message."""
    alert = await alerted(world)
    await world.rest()  # that it was sent is on record
    await world.stop()
    await world.react(alert, "👀", by="responder")
    await world.start()
    assert name_of((await world.acknowledged(1)).acknowledged) == "responder"


async def test_a_reaction_is_not_lost_while_the_database_is_away(world: ConsoleWorld) -> None:
    """It is told nowhere, but read again when a session is resumed."""
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
    told = await world.until("general", contains="👀 @primary")
    assert "発報しました" in words(told)
    assert "ack 期限" not in words(told)


async def test_passing_on_says_to_whom(world: ConsoleWorld) -> None:
    """今は対応できない takes the next step of the ladder now."""
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
    form = await world.click(card, "inc:v1:more:1", values=["note"])
    assert "メモを残しました" in shown(await world.send(form, note="rollback した"))["content"]
    thread = re.findall(r"channels/\d+/(\d+)$", words(done), re.MULTILINE)[-1]
    await world.until(thread, contains="rollback した")
    await world.command("incident note", where=thread, text="戻った")
    await world.until(thread, contains="戻った")
    refused = shown(await world.command("incident note", text="どこ"))
    assert "どのインシデントですか" in refused["content"]
    history = shown(await world.click(card, "inc:v1:more:1", values=["timeline"]))
    assert "INC-1 のタイムライン" in words(history)
    why = shown(await world.click(card, "inc:v1:more:1", values=["why"]))
    assert "あなたは呼び出されていません" in why["content"]


async def test_the_first_response_sheet_has_the_commands(world: ConsoleWorld) -> None:
    """📋 is for one person alone."""
    alert = await alerted(world)
    sheet = shown(await world.click(alert, "inc:v1:first:1"))
    assert sheet["only_for"] == "responder"
    assert "npx wrangler tail --config wrangler.<worker>.toml --env prod" in words(sheet)


# -- /incident


async def test_resolving_is_one_form(world: ConsoleWorld) -> None:
    """It can be sent after a restart; what cannot be read comes back; then the post says how it was."""
    alert = await alerted(world)
    form = await world.click(alert, "inc:v1:resolve:1")
    assert [label["component"]["custom_id"] for label in form["modal"]["components"]] == [
        "cause",
        "fix",
        "impact",
        "extent",
        "owner",
    ]
    await world.restart()
    refused = shown(await world.send(form, cause="接続プールの枯渇", extent="たくさん"))["content"]
    assert "「たくさん」は読めません" in refused
    assert "接続プールの枯渇" in refused
    form = await world.command("incident resolve", number=1)
    done = words(
        shown(await world.send(form, cause="接続プールの枯渇", extent="約 120 人", owner=["secondary"]))
    )
    for told in ("INC-1 を解決にしました", "原因：接続プールの枯渇", "120 人", "担当：@secondary"):
        assert told in done
    assert (await world.store.incident(1)).status is Status.RESOLVED
    await world.until("p0-alerts", contains="原因：接続プールの枯渇")


async def test_a_resolution_is_corrected_by_the_same_form(world: ConsoleWorld) -> None:
    """By the command, or the button under the alert; the words of then are filled in."""
    await alerted(world)
    await world.resolve(1)
    form = await world.command("incident resolve", number=1)
    assert form["modal"]["title"] == "INC-1 の解決の内容"
    said = words(shown(await world.send(form, fix="rollback")))
    assert "解決の内容を直しました" in said
    alert = await world.until("p0-alerts", contains="対処：rollback")
    (press,) = [one for one in presses(alert) if one.startswith("inc:v1:resolution:1")]
    form = await world.click(alert, press)
    filled = {label["component"]["custom_id"]: label["component"] for label in form["modal"]["components"]}
    assert filled["fix"]["value"] == "rollback"
    assert "すでにそのとおりです" in words(shown(await world.send(form)))


async def test_the_button_of_an_older_version_still_resolves(world: ConsoleWorld) -> None:
    """Its question may be open on somebody's screen during the upgrade."""
    alert = await alerted(world)
    posted = world.sandbox.core.world.messages[alert["channel_id"]][alert["id"]]
    posted.components[0]["components"][-1]["custom_id"] = "inc:v1:resolve-now:1"
    await world.click(alert, "inc:v1:resolve-now:1")
    assert (await world.store.incident(1)).status is Status.RESOLVED


# -- /postmortem


async def test_a_postmortem_is_done_and_owed_again(world: ConsoleWorld) -> None:
    """By the command in any channel; the answer has the way back. Another person may be given it."""
    await alerted(world)
    await world.resolve(1)
    said = shown(await world.command("postmortem done", number=1))
    assert "postmortem を済みにしました" in words(said)
    again = shown(await world.command("postmortem done", number=1))
    assert "@responder が済みにしています" in words(again)
    undone = shown(await world.click(again, "inc:v1:postmortem_undo:1"))["content"]
    assert "済みでない状態に戻しました" in undone
    given = shown(await world.command("postmortem owner", number=1, user="secondary"))["content"]
    assert "@secondary に任せました" in given
    dm = await world.until("dm:secondary", contains="postmortem を任されました")
    moved = shown(await world.command("postmortem owner", number=1, due="2週間後"))["content"]
    assert "期限を" in moved
    assert "担当：@secondary" in moved
    assert "少なくとも一方" in words(shown(await world.command("postmortem owner", number=1)))
    assert "済みにしました" in words(shown(await world.click(dm, "inc:v1:postmortem_done:1", by="secondary")))


async def test_a_postmortem_that_nobody_owes_is_refused_with_the_reason(world: ConsoleWorld) -> None:
    """Of a severity without one, of an open incident, and of none at all."""
    await alerted(world, severity="sev3")
    for number, told in ((1, "postmortem は必要ありません"), (9, "そのインシデントはありません")):
        said = shown(await world.command("postmortem done", number=number))["content"]
        assert told in said


async def test_a_postmortem_is_drafted_and_shown(world: ConsoleWorld) -> None:
    """By the number; the file comes with the answer, and what has not changed is no news."""
    await alerted(world)
    nothing = shown(await world.command("postmortem show", number=1))["content"]
    assert "下書きはまだありません" in nothing
    said = shown(await world.command("postmortem draft", number=1))["content"]
    assert "下書きを作りました" in said
    assert "`docs/ops/postmortems/" in said
    assert (
        "前の下書きから事実は変わっていません"
        in shown(await world.command("postmortem draft", number=1))["content"]
    )
    answer = shown(await world.command("postmortem show", number=1))
    assert "第 1 版" in answer["content"]
    [file] = answer["attachments"]
    assert file["filename"] == "INC-1-postmortem.md"
    await world.resolve(1)
    again = shown(await world.command("postmortem draft", number=1))["content"]
    assert "作り直しました" in again
    assert "📝 postmortem：" in shown(await world.command("postmortem show", number=1))["content"]


async def test_show_says_that_no_postmortem_is_needed(world: ConsoleWorld) -> None:
    """With and without a draft; of a severity that asks for one it does not say so."""
    await alerted(world)
    await world.command("sev3", title="表示が遅い")
    assert "必要ありません" not in shown(await world.command("postmortem show", number=1))["content"]
    for _ in range(2):
        said = shown(await world.command("postmortem show", number=2))["content"]
        assert "INC-2 に postmortem は必要ありません" in said
        await world.command("postmortem draft", number=2)
    assert "第 1 版" in said


async def test_a_draft_of_no_incident_is_refused(world: ConsoleWorld) -> None:
    """As for every command that names one."""
    for command in ("postmortem draft", "postmortem show"):
        assert "そのインシデントはありません" in shown(await world.command(command, number=9))["content"]


async def test_the_list_pages_and_opens(world: ConsoleWorld) -> None:
    """Ten to a page, newest first."""
    for number in range(11):
        await world.declare(key=f"k{number}")
    page = shown(await world.command("incident list", status="triggered"))
    assert "INC-11" in words(page)
    page = shown(await world.click(page, "inc:v1:list:triggered:-:-:0:1:"))
    assert "INC-1]" in words(page) or "INC-1*" in words(page)
    opened = shown(await world.click(page, "inc:v1:open", values=["1"]))
    for told in ("INC-1", "未対応", "ack 期限", "次：", "直近の記録", "発報"):
        assert told in words(opened)


async def test_show_without_a_number_asks_which(world: ConsoleWorld) -> None:
    """Outside a thread the open ones are offered; with none open it says where the others are."""
    asked = shown(await world.command("incident show"))
    assert "どのインシデントですか" in words(asked)
    assert "継続中のインシデントはありません" in words(asked)
    await world.declare(key="k")
    asked = shown(await world.command("incident show"))
    assert presses(asked) == ["inc:v1:open"]
    opened = shown(await world.click(asked, "inc:v1:open", values=["1"]))
    assert "未対応" in words(opened)


async def test_more_open_ones_than_a_select_holds_lead_on_to_the_list(world: ConsoleWorld) -> None:
    """A select holds 25; the others are on the pages of the list."""
    for number in range(26):
        await world.declare(key=f"k{number}")
    asked = shown(await world.command("incident show"))
    select, more = presses(asked)
    assert select == "inc:v1:open"
    page = shown(await world.click(asked, more))
    assert "INC-26" in words(page)
    page = shown(await world.click(page, presses(page)[-1]))
    page = shown(await world.click(page, presses(page)[-1]))
    assert "INC-1]" in words(page) or "INC-1*" in words(page)


async def test_numbers_are_offered_by_title(world: ConsoleWorld) -> None:
    """Autocomplete on open incidents; nothing while they cannot be read."""
    await world.declare(key="k")
    (choice,) = await world.choices("incident show", focused="number", typed="決済")
    assert choice["value"] == 1
    assert choice["name"] == "INC-1 SEV1 決済 API が 5xx"
    assert await world.choices("incident show", focused="number", typed="99") == []
    world.database.is_away = True
    assert await world.choices("incident show", focused="number") == []
    world.database.is_away = False


async def test_merge_and_link_offer_what_they_would_take(world: ConsoleWorld) -> None:
    """For either option, by what stands in the other one."""
    real, another = await world.declare(key="a"), await world.declare(key="b")
    drill = await world.drills.start(world.guild_id, severity=None, rings=False, by=PRIMARY, key="c")
    for command, other in (("link", "with"), ("merge", "into")):
        for focused, filled in (("number", other), (other, "number")):
            for named, offered in ((real.id, [another.id]), (drill.id, [])):
                choices = await world.choices(f"incident {command}", focused=focused, filled={filled: named})
                assert [choice["value"] for choice in choices] == offered, (command, focused, named)


# -- /dlq and /digest


async def failed(world: ConsoleWorld, *, entry_id: str = ENTRY, title: str = "決済 API が 5xx") -> None:
    """A failure on record."""
    entry = DlqEntry(
        id=entry_id,
        attempted_at=world.clock.time,
        channel="p0-alerts",
        severity="P0",
        title=title,
        http_status=503,
        retry_count=3,
        error_message="upstream timeout",
        status="failed",
        fallback_email_sent=True,
        payload={"content": "@here 決済 API が 5xx", "embeds": [{"title": "詳細"}], "username": "hook"},
    )
    await world.database.put_dlq_entry(entry)


async def test_the_three_questions_lead_to_each_other(world: ConsoleWorld) -> None:
    """直近, P0 メール, HTTP 別; a filter survives the turning of pages."""
    for number in range(12):
        await failed(world, entry_id=str(UUID(int=number)))
    page = shown(await world.command("dlq recent", hours=48, severity="P0", channel="#p0-alerts"))
    assert "HTTP 503 · 再試行 3 · upstream timeout" in words(page)
    (older,) = [press for press in presses(page) if ";o" in press]
    page = shown(await world.click(page, older))
    assert words(page).count("再試行 3") == 2
    (newer,) = [press for press in presses(page) if ";n" in press]
    assert words(shown(await world.click(page, newer))).count("再試行 3") == 10
    numbered = await older_button(world, "dlq:v1:turn:48:P0:p0-alerts:2")
    page = shown(await world.click(numbered, "dlq:v1:turn:48:P0:p0-alerts:2"))
    assert words(page).count("再試行 3") == 10, "a button of a version before"
    page = shown(await world.click(page, "dlq:v1:p0"))
    assert "メール 12/12" in words(page)
    page = shown(await world.click(page, "dlq:v1:http:1"))
    assert "`HTTP 503` ████████████ 12 件" in words(page)
    assert "12 件" in words(shown(await world.command("dlq http-status")))
    page = shown(await world.click(page, "dlq:v2:page:h24"))
    assert "直近 24 時間 · 失敗 12" in words(page)
    assert "メール 12/12" in words(shown(await world.command("dlq p0-email")))
    assert str(UUID(int=3)) in words(shown(await world.command("dlq show", id=str(UUID(int=3)))))
    offered = await world.choices("dlq recent", focused="severity", typed="p1")
    assert [choice["value"] for choice in offered] == ["P1"]


async def test_a_filter_is_typed_into_a_form_and_outlives_a_restart(world: ConsoleWorld) -> None:
    """It begins with what is listed; a word that cannot be read is given back; a long one fits no button."""
    await failed(world)
    await failed(world, entry_id=str(UUID(int=1)), title="検索が遅い " + "長" * 70)
    page = shown(await world.command("dlq recent", status="503"))
    (narrow,) = [press for press in presses(page) if press.startswith("dlq:v2:filter:")]
    form = await world.click(page, narrow)
    inputs = {label["component"]["custom_id"]: label["component"] for label in form["modal"]["components"]}
    assert inputs["dlq_status"]["value"] == "503"
    refused = shown(await world.send(form, dlq_status="503 404", dlq_text="検索"))
    assert "「503 404」は読めません" in refused["content"]
    assert "検索" in refused["content"]
    form = await world.click(page, narrow)
    page = shown(await world.send(form, dlq_text="検索が遅い " + "長" * 70, dlq_period="3h"))
    assert "直近 3 時間 · 失敗 1" in words(page)
    assert "HTTP 503" in words(page)
    await world.restart()
    (narrow,) = [press for press in presses(page) if press.startswith("dlq:v2:filter:~")]
    form = await world.click(page, narrow)
    inputs = {label["component"]["custom_id"]: label["component"] for label in form["modal"]["components"]}
    assert (inputs["dlq_text"]["value"], inputs["dlq_period"]["value"]) == ("検索が遅い " + "長" * 70, "3h")
    await world.database.fetch("DELETE FROM dlq_views")
    (file,) = [press for press in presses(page) if press.startswith("dlq:v2:csv:~")]
    outdated = shown(await world.click(page, file))
    assert "開き直してください" in outdated["content"]


async def test_what_a_filter_matches_becomes_a_file(world: ConsoleWorld) -> None:
    """As a table and as JSON, for one person; recorded; nothing is no file."""
    await failed(world)
    page = shown(await world.command("dlq recent"))
    table = shown(await world.click(page, "dlq:v2:csv:h24"))
    assert "1 件です" in table["content"]
    assert [file["filename"] for file in table["attachments"]] == ["dlq.csv"]
    assert shown(await world.click(page, "dlq:v2:json:h24"))["attachments"][0]["filename"] == "dlq.json"
    await world.database.fetch("DELETE FROM admin.notification_failures")
    none = shown(await world.click(page, "dlq:v2:csv:h24"))
    assert "条件に合う記録はありません" in none["content"]
    exported = [row.data["act"] for row in await world.database.audit_rows() if row.allowed]
    assert exported == ["export"] * 3


async def test_an_entry_is_replayed_once_after_a_preview(world: ConsoleWorld) -> None:
    """It shows what it would have looked like, what is left out, and where it went."""
    await failed(world)
    page = shown(await world.command("dlq recent", by="primary"))
    entry = shown(await world.click(page, "dlq:v1:open", by="primary", values=[ENTRY]))
    assert "> ＠here 決済 API が 5xx" in words(entry)
    raw = shown(await world.click(entry, f"dlq:v1:json:{ENTRY}", by="primary"))
    assert '"username": "hook"' in raw["content"]
    preview = shown(await world.click(entry, f"dlq:v1:preview:{ENTRY}", by="primary"))
    assert "取り除くもの：メンションの通知、`username`" in words(preview)
    assert "embed は保存されたまま送ります" in words(preview)
    await world.restart()
    await world.click(preview, f"dlq:v1:replay:{ENTRY}", by="primary")
    done = await world.until("general", contains="再送した投稿へ", by="primary")
    assert "@primary が" in words(done)
    sent = await world.until("p0-alerts", contains="決済 API が 5xx")
    assert not sent["mention_everyone"]
    again = shown(await world.command("dlq replay", by="primary", id=ENTRY))
    assert f"dlq:v1:replay:{ENTRY}" not in presses(again)
    assert "再送済みです" in words(again)


@pytest.mark.parametrize(
    ("payload", "sent"),
    [
        ("[1, 2]", None),
        ('"満車"', None),
        ('{"content": ["満車"], "embeds": "x"}', None),
        ('{"content": "満車 \\ud83d \\u0000 @everyone <@1>"}', "満車"),
        (json.dumps({"content": "満車" * 170_000, "more": "x" * 400_000}), None),
        ('{"content": "満車", "embeds": [{"title": "古い", "timestamp": "2019-01-01T00:00:00Z"}]}', "満車"),
    ],
    ids=["list", "text", "wrong kinds", "no text", "1 MB", "old embed"],
)
async def test_a_payload_of_any_shape_is_shown_and_pings_no_one(
    world: ConsoleWorld, payload: str, sent: str | None
) -> None:
    """Another program wrote it: no object, half a character, a megabyte. What can be sent again is."""
    await failed(world)
    await world.database.fetch("ALTER TABLE admin.notification_failures ALTER payload TYPE json")
    await world.database.fetch("UPDATE admin.notification_failures SET payload = $1::text::json", payload)
    entry = shown(await world.command("dlq show", by="primary", id=ENTRY))
    assert "HTTP 503" in words(entry)
    assert shown(await world.click(entry, f"dlq:v1:json:{ENTRY}", by="primary"))["content"]
    preview = shown(await world.command("dlq replay", by="primary", id=ENTRY))
    assert (f"dlq:v1:replay:{ENTRY}" in presses(preview)) is (sent is not None)
    if sent is not None:
        await world.click(preview, f"dlq:v1:replay:{ENTRY}", by="primary")
        message = await world.until("p0-alerts", contains=sent)
        assert (message["mention_everyone"], message["mentions"]) == (False, [])


async def test_a_replay_may_ping_or_go_elsewhere_when_a_person_says_so(world: ConsoleWorld) -> None:
    """The preview says whom it would ping; only the button that says so lets it."""
    await failed(world)
    offered = await world.choices("dlq replay", focused="send_to", typed="ops")
    assert [choice["value"] for choice in offered] == ["p1-ops"]
    preview = shown(await world.command("dlq replay", by="primary", id=ENTRY, send_to="p1-ops"))
    assert "#p1-ops に再送しますか" in words(preview)
    assert "メンションは鳴りません (元の相手：@here)" in words(preview)
    ringing = shown(await world.click(preview, f"dlq:v2:ask:bm:p1-ops:{ENTRY}", by="primary"))
    assert "🔔 **@here に通知が鳴ります。**" in words(ringing)
    await world.click(ringing, f"dlq:v2:send:bm:p1-ops:{ENTRY}", by="primary")
    sent = await world.until("p1-ops", contains="決済 API が 5xx")
    assert sent["mention_everyone"]


async def test_all_that_a_filter_matches_is_replayed_and_stopped(world: ConsoleWorld) -> None:
    """A question with the count, then one message with how it goes; a stop, and the result of each entry."""
    for number in range(12):
        await failed(world, entry_id=str(UUID(int=number)))
    asked = shown(await world.command("dlq replay-all", by="primary", severity="P0"))
    assert "**12 件を再送しますか？**" in words(asked)
    assert "送り先：#p0-alerts 12" in words(asked)
    start = next(one for one in presses(asked) if one.startswith("dlq:v1:batch:start:"))
    await world.click(asked, start, by="primary")
    batch = start.rpartition(":")[2]
    progress = await world.until("general", contains="DLQ をまとめて再送しています")
    await world.until("p0-alerts", contains="決済 API が 5xx")
    stopped = shown(await world.click(progress, f"dlq:v1:batch:stop:{batch}", by="primary"))
    assert "止めた人：@primary" in words(stopped)
    await world.pass_time(seconds=5)
    ended = await world.until("general", contains="再送を止め")
    result = shown(await world.click(ended, f"dlq:v1:batch:result:{batch}:1", by="primary"))
    assert "✅ 投稿しました · [投稿](https://discord.com/channels/" in words(result)
    assert "↩️ 送っていません" in words(result)
    late = shown(await world.click(asked, f"dlq:v1:batch:stop:{batch}", by="primary"))
    assert "もう終わっているか" in late["content"]
    nothing = shown(await world.command("dlq replay-all", by="primary", severity="P1"))
    assert "この条件に合う失敗はありません" in nothing["content"]
    refused = shown(await world.command("dlq replay-all"))
    assert "DLQ の再送には" in refused["content"]


async def test_a_persons_own_screen_follows_the_replay(
    world: ConsoleWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is edited while they look, on the page that they have turned to; a stop is shown on it, too."""
    monkeypatch.setattr(live, "_LOOK_EVERY_S", 0.02)
    for number in range(20):
        await failed(world, entry_id=str(UUID(int=number)))
    asked = shown(await world.command("dlq replay-all", by="primary"))
    start = next(one for one in presses(asked) if one.startswith("dlq:v1:batch:start:"))
    batch = start.rpartition(":")[2]
    await world.click(asked, start, by="primary")
    screen = await world.until("general", contains="15 分間は自動で更新します", by="primary")
    screen = await world.until("general", contains="✅ 投稿 1\n-# 15 分間は", by="primary")
    await world.click(screen, f"dlq:v1:batch:turn:{batch}:2", by="primary")
    turned = (await world.human("GET", "log?since=1000000000"))["next"]
    for posted in (2, 3):
        await world.pass_time(seconds=5)
        second = await world.until("general", contains=f"✅ 投稿 {posted}\n-# 15 分間は", by="primary")
    log = (await world.human("GET", f"log?since={turned}"))["entries"]
    edits = [str(one) for one in log if one.get("path", "").endswith("/messages/@original")]
    assert len(edits) >= 2
    assert all("-# 2 / 2 ページ" in edit for edit in edits)
    await world.click(second, f"dlq:v1:batch:stop:{batch}", by="primary")
    ended = await world.until("general", contains="↩️ 送っていません", by="primary")
    assert ended["id"] == screen["id"], "the same message"


async def test_replaying_needs_its_role(world: ConsoleWorld) -> None:
    """Which role is needed, and who can give it."""
    await failed(world)
    refused = shown(await world.command("dlq replay", id=ENTRY))
    assert "DLQ の再送には @on-call / @admin のいずれかのロールが必要です" in refused["content"]
    assert refused["only_for"] == "responder"


async def test_the_digest_is_drafted_for_one_person(world: ConsoleWorld) -> None:
    """Nothing is posted."""
    await world.declare(key="k")
    draft = shown(await world.command("digest preview"))
    assert "投稿はしていません。\n\n先週はインシデントがありませんでした。" in draft["content"]
    assert draft["only_for"] == "responder"
    assert world.sent(DeliveryKind.DIGEST) == []
    refused = shown(await world.command("digest week", week="先週"))
    assert "「先週」は ISO 週ではありません" in refused["content"]
    ahead = shown(await world.command("digest week", week="2027-W10"))
    assert "2027-W10 の週はまだ終わっていません。最新は 2026-W47 です。" in ahead["content"]
    other = shown(await world.command("digest week", week="2026-w46"))
    assert "\n\n11/09 – 11/15 の週はインシデントがありませんでした。" in other["content"]


async def test_the_last_twelve_weeks_are_offered(world: ConsoleWorld) -> None:
    """With their dates; what is typed narrows them down."""
    offered = await world.choices("digest week", focused="week", typed="")
    assert len(offered) == 12
    assert offered[0] == {"name": "2026-W47 (11/16 – 11/22)", "value": "2026-W47"}
    found = await world.choices("digest week", focused="week", typed="w4")
    assert [one["value"] for one in found][-1] == "2026-W40"


async def test_a_digest_is_posted_by_hand_once(world: ConsoleWorld) -> None:
    """By whoever may; then Monday's tick has nothing to do, and a second try leads to the post."""
    refused = shown(await world.command("digest now"))
    assert "digest の投稿" in refused["content"]
    said = shown(await world.command("digest now", by="primary"))
    assert "2026-W47 の digest を投稿しました：" in said["content"]
    await world.until("p3-insights", contains="静かでした")
    again = shown(await world.command("digest now", by="primary"))
    assert "投稿済みです：https://discord.com/channels/" in again["content"]
    rows = await world.database.fetch("SELECT FROM deliveries WHERE kind = 'digest'")
    assert len(rows) == 1


async def test_a_period_in_figures_for_one_person(world: ConsoleWorld) -> None:
    """The current week unless another one is named; the buttons turn to the weeks around it."""
    await world.declare(key="k")
    await world.pass_time(seconds=1)  # what happens now is not over
    page = shown(await world.command("stats show"))
    assert page["only_for"] == "responder"
    assert "**インシデント 1 件** (+1)" in words(page)
    earlier = shown(await world.click(page, "sta:v1:show:2026-W47:-:"))
    assert "### 📊 2026-W47 (11/16 – 11/22)" in words(earlier)
    assert "sta:v1:show:2026-W48:-:" in presses(earlier)
    listed = shown(await world.click(page, "inc:v1:list:any:-:-:0:0:"))
    assert "INC-1" in words(listed)
    one = shown(await world.command("stats show", period="month", severity="sev2", target="dev-*"))
    assert "-# 絞り込み：SEV2 · dev-\\*" in words(one)
    mine = shown(await world.command("stats show", person="primary"))
    assert "@primary" not in words(shown(await world.command("stats show", person="secondary")))
    (before, *_) = presses(mine)
    turned = words(shown(await world.click(mine, before)))
    assert "### 📊 2026-W47" in turned
    assert "@primary 呼び出し 0 回" in turned
    refused = shown(await world.command("stats show", period="先月"))
    assert "「先月」は期間として読めません" in refused["content"]
    ahead = shown(await world.command("stats show", period="2027-W10"))
    assert "2027-W10 はまだ始まっていません" in ahead["content"]


async def test_the_options_of_the_figures_are_offered(world: ConsoleWorld) -> None:
    """Periods with their days, severities and targets."""
    offered = [
        [choice["value"] for choice in await world.choices("stats show", focused=focused, typed=typed)]
        for focused, typed in (("period", "W4"), ("severity", "p1"), ("target", "ADMIN"))
    ]
    assert offered[0][:2] == ["2026-W48", "2026-W47"]
    assert offered[1:] == [["SEV2"], ["admin.parky.co.jp"]]


async def test_how_fairly_being_on_call_is_shared(world: ConsoleWorld) -> None:
    """By the command, and by the button below the figures."""
    told = words(shown(await world.command("stats fairness")))
    assert "### ⚖️ 当番の偏り" in told
    assert "@primary 呼び出し 0 回 · 当番" in told
    assert "平均の 1.5 倍を超える人はいません" in told
    page = shown(await world.command("stats show"))
    assert "### ⚖️ 当番の偏り" in words(shown(await world.click(page, "sta:v1:fairness")))
    refused = shown(await world.command("stats fairness", by="observer"))
    assert "インシデントの対応には" in refused["content"]


# -- the audit log


async def test_admins_read_who_did_what(world: ConsoleWorld) -> None:
    """The latest first, refusals too, page by page; others are refused, and that is on record."""
    await world.declare(key="k")
    refused = shown(await world.command("incident audit"))
    assert "監査記録を見る操作には" in refused["content"]
    page = shown(await world.command("incident audit", by="admin"))
    assert page["only_for"] == "admin"
    latest, first = words(page).index("⛔ 監査記録を見る"), words(page).index("発報 INC-1")
    assert latest < first
    only = words(shown(await world.command("incident audit", by="admin", refused=True)))
    assert "⛔ 監査記録を見る" in only
    assert "発報" not in only
    for _ in range(PAGE_SIZE):
        await world.command("incident audit")
    page = shown(await world.command("incident audit", by="admin"))
    assert "INC-1" not in words(page)
    (older,) = (press for press in presses(page) if press.startswith("aud:v1:"))
    assert "発報 INC-1" in words(shown(await world.click(page, older, by="admin")))


async def test_the_audit_of_one_incident(world: ConsoleWorld) -> None:
    """Nothing about others; a number that there is not says so."""
    await world.declare(key="k")
    await world.declare(key="l")
    told = words(shown(await world.command("incident audit", by="admin", number=2)))
    assert "監査記録：INC-2" in told
    assert "INC-1" not in told
    missing = shown(await world.command("incident audit", by="admin", number=77))
    assert "そのインシデントはありません" in missing["content"]


# -- when things fail


async def test_no_role_is_refused_before_anything_is_typed(world: ConsoleWorld) -> None:
    """/triage opens no form for somebody who could not send it; English for an English client."""
    await world.human("PATCH", "member", user="observer", locale="en-GB")
    outcome = await world.command("triage", by="observer")
    assert outcome["modal"] is None
    assert "needs one of these roles: @responder / @on-call / @admin" in shown(outcome)["content"]


async def test_a_severity_that_moved_while_the_form_was_open_is_not_undone(world: ConsoleWorld) -> None:
    """Whoever sends it learns what it is now; their reason comes back."""
    alert = await alerted(world)
    form, first = [await world.click(alert, "inc:v1:severity:1") for _ in range(2)]
    await world.send(first, severity=["SEV2"], reason="一部だけだった")
    told = shown(await world.send(form, severity=["SEV3"], reason="もう直った"))["content"]
    assert "SEV2 に変わりました" in told
    assert "もう直った" in told
    assert (await world.store.incident(1)).severity == "SEV2"


async def test_the_database_is_away(world: ConsoleWorld) -> None:
    """What to do instead, whether the answer is the first or a later one; what was typed comes back."""
    alert = await alerted(world)
    form = await world.command("triage")
    await world.rest()
    world.database.is_away = True
    offered = shown(await world.send(form, title="x"))
    assert "判定に進めません" in offered["content"]
    assert "tri:v1:urgent:SEV1:0:0" in str(offered["components"])
    shows_what_is_known = await world.click(alert, "inc:v1:details:1")
    lost = await world.send(shows_what_is_known, known="原因は決済代行")
    for outcome in (await world.click(alert, "inc:v1:ack:1"), lost):
        assert "P0 なら #p0-alerts に直接書いてください" in shown(outcome)["content"]
    assert "原因は決済代行" in shown(lost)["content"]
    world.database.is_away = False


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


async def test_an_unexpected_error_gives_an_id_to_quote(world: ConsoleWorld) -> None:
    """Nothing else is said, and the traceback is in the log."""
    alert = await alerted(world)
    await world.rest()
    world.own_store.incident = None  # type: ignore[method-assign,assignment]
    told = shown(await world.click(alert, "inc:v1:first:1"))
    assert re.search(r"エラー ID `[0-9a-f]{8}`", told["content"])


async def test_a_control_of_an_older_version_says_so(world: ConsoleWorld) -> None:
    """Instead of "The application did not respond"."""
    message = await older_button(world, "inc:v0:ack:1")
    told = shown(await world.click(message, "inc:v0:ack:1"))
    assert "古いバージョン" in told["content"]


async def older_button(world: ConsoleWorld, custom_id: str) -> Json:
    """A message with a button as an older version has left it."""
    channel = world.bot.get_partial_messageable(1100000000000000305)
    rows = [{"type": 1, "components": [{"type": 2, "style": 2, "label": "x", "custom_id": custom_id}]}]
    body = {"flags": discord.MessageFlags(components_v2=True).value, "components": rows}
    message: Json = await world.bot.http.request(_post(channel.id), json=body)
    return message


def _post(channel_id: int) -> Route:
    return Route("POST", "/channels/{channel_id}/messages", channel_id=channel_id)


# -- an alert of others

_IS_MESSAGE = re.compile(r"/messages/\d+$")  # and not its reactions


async def test_the_form_about_an_alert_opens_with_what_was_heard_and_else_with_what_is_read(
    world: ConsoleWorld,
) -> None:
    """A read is a round trip before the form can come; after a restart there is no other way."""
    await world.session_began()
    said = {"channel": "p1-ops", "name": "monitor", "embeds": [{"title": "disk full on db-1"}]}
    await world.human("POST", "webhook", **said)
    post = await world.until("p1-ops", contains="inc:v1:declare:1")
    [triage] = [one for one in presses(post) if one.startswith("tri:v1:from:")]

    async def opened() -> tuple[str, int]:
        await world.caught_up()  # the bot reads the alert for itself, too, when it starts
        await world.rest()  # and when it posts
        since = (await world.human("GET", "log?since=1000000000"))["next"]
        form = await world.click(post, triage)
        log = (await world.human("GET", f"log?since={since}"))["entries"]
        asked = [(one.get("method"), one.get("path", "")) for one in log]
        answer = next(number for number, (_, path) in enumerate(asked) if path.endswith("/callback"))
        reads = [path for method, path in asked[:answer] if method == "GET" and _IS_MESSAGE.search(path)]
        return form["modal"]["components"][0]["component"].get("value", ""), len(reads)

    heard = await opened()
    await world.restart()
    read = await opened()
    assert (heard[0], read[0]) == (read[0], heard[0])
    assert (heard[1], read[1]) == (0, 1)


async def test_a_slow_database_leaves_the_alerts_title_out_and_the_log_says_why(world: ConsoleWorld) -> None:
    """The form comes at once; the error of a deadline has no text of its own."""
    await world.human("POST", "webhook", channel="p1-ops", name="monitor", embeds=[{"title": "disk full"}])
    await world.until("p1-ops", contains="inc:v1:declare:1")
    posted = await world.until("p1-ops", contains="disk full")
    async with locked_incidents(world):
        with capture_logs() as logged:
            form = await world.context("Triage this message", posted)
    assert form["modal"]
    reasons = [one["reason"] for one in logged if one["event"] == "triage.alert_not_looked_up"]
    assert reasons == ["TimeoutError"]


@asynccontextmanager
async def locked_incidents(world: ConsoleWorld) -> AsyncIterator[None]:
    """No incident can be read for the block."""
    await world.rest()
    others = world.database.connections()
    connection = await others.acquire(timeout=5.0)
    async with connection.transaction():
        await connection.execute("LOCK TABLE incidents IN ACCESS EXCLUSIVE MODE")
        yield
    await others.release(connection)


async def test_the_form_about_a_message_opens_without_a_query(world: ConsoleWorld) -> None:
    """By the menu in an incident's thread, and by the button under an alert whose title the bot has shown."""
    await world.session_began()
    alert = await alerted(world)
    thread = alert["id"]
    await world.rest()
    said = await world.human("POST", "say", user="responder", channel=thread, content="決済も落ちています")
    monitor = {"channel": "p1-ops", "name": "monitor", "embeds": [{"title": "disk full"}]}
    await world.human("POST", "webhook", **monitor)
    post = await world.until("p1-ops", contains="inc:v1:declare:2")
    [triage] = [one for one in presses(post) if one.startswith("tri:v1:from:")]
    async with locked_incidents(world):
        with capture_logs() as logged:
            by_menu = await world.context("Triage this message", said)
            by_button = await world.click(post, triage)
    titles = [form["modal"]["components"][0]["component"].get("value") for form in (by_menu, by_button)]
    assert titles == ["決済も落ちています", "#p1-ops の通知 (monitor)"], "the title that the post shows"
    assert [one for one in logged if one["event"].endswith("not_looked_up")] == []


async def test_a_message_that_was_triaged_here_is_looked_up_before_its_form(world: ConsoleWorld) -> None:
    """Once it has become an incident, the menu shows that instead, in a channel too."""
    said = await world.human("POST", "say", user="observer", channel="general", content="決済が通りません")
    form = await world.context("Triage this message", said)
    card = shown(await world.send(form, title="決済 API が 5xx"))
    for question in ("users_affected", "large_impact"):
        card = shown(await world.click(card, f"tri:v1:answer:1:{question}:yes"))
    await world.click(card, "tri:v1:confirm:1:SEV1")
    shown_instead = await world.context("Triage this message", said)
    assert not shown_instead.get("modal")
    assert "INC-1" in words(shown(shown_instead))


async def test_the_form_comes_back_before_its_message_is_written(world: ConsoleWorld) -> None:
    """The message's words are known where the menu was used, even if it is deleted by then."""
    said = await world.human("POST", "say", user="observer", channel="general", content="決済が通りません")
    others = world.database.connections()
    connection = await others.acquire(timeout=5.0)
    async with connection.transaction():
        # The lock must outlast the form, however busy the machine is.
        await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        await connection.execute("LOCK TABLE noted_messages IN ACCESS EXCLUSIVE MODE")
        form = await world.context("Triage this message", said)
        await world.human("DELETE", "message", user="observer", message=said["id"])
        card = shown(await world.send(form, title="決済 API が 5xx"))
    await others.release(connection)
    assert "> 決済が通りません" in words(card)
