"""Triage from a message, by several people, under everything that may change meanwhile."""

import asyncio
from pathlib import Path

from bot.demo.play import CONFIRM, TriageReport, TriageWalk
from bot.runbook import default_policy_text
from local_discord.people import Interaction, Message
from local_discord.world.permissions import P
from tests.e2e.conftest import MakeWorld
from tests.e2e.severities import NO, REEVALUATE, SEV1, SEV2, SEV3, YES
from tests.e2e.world import World

TITLE = "決済 API が 5xx"
REPORT = TriageReport(TITLE)
MENU = "Triage this message"
JOIN = "判定に加わる"


async def line_of(world: World, *words: str, channel: str = "general") -> Message:
    """The quiet line of a triage, once it says all of *words*."""
    return await world.human.see(
        channel, words[0], where=lambda found: all(word in found.text for word in words)
    )


async def from_menu(world: World, message: Message, *, by: str = "responder") -> Interaction:
    """The form that the menu of *message* opens."""
    opened = await world.human.context(by, "general", MENU, message)
    assert opened.modal is not None, opened.text
    return opened


def typed(form: Interaction, name: str) -> str:
    """Return the pre-filled text of a form's field."""
    assert form.modal is not None
    inputs = [label["component"] for label in form.modal["components"]]
    return str(next(found for found in inputs if found["custom_id"] == name).get("value") or "")


async def is_kept(world: World) -> bool | None:
    """Whether the words of a message have been kept."""
    return True if await world.rows("SELECT FROM noted_messages") else None


async def one_or_none(world: World, query: str) -> bool | None:
    """Whether there is a row."""
    return True if await world.rows(query) else None


async def too_late(world: World) -> bool | None:
    """Whether Discord has refused a first response."""
    answers = [one for one in await world.human.log() if str(one.get("path")).endswith("/callback")]
    return True if any(one.get("status") == 404 for one in answers) else None


async def forgotten(world: World) -> bool | None:
    """Delete the noted words of a message, once they are stored."""
    found = await world.rows("DELETE FROM noted_messages RETURNING message_id")
    return True if found else None


async def test_a_message_becomes_the_first_evidence(world: World) -> None:
    """Its first line is the title; its words, author and link are on the card and on the timeline."""
    said = await world.human.say("observer", "general", "**決済** が通りません\n昼からずっとです @everyone")
    form = await from_menu(world, said)
    assert typed(form, "title") == "決済 が通りません"
    await world.human.until(lambda: is_kept(world), "the kept message")
    await world.restart_bot()
    sent = await world.human.submit("responder", form, {"title": typed(form, "title")})
    card = sent.messages[-1]
    assert "> \\*\\*決済\\*\\* が通りません 昼からずっとです ＠everyone" in card.text
    assert f"/{said.channel_id}/{said.id}" in card.text
    line = await line_of(world, "🔎 @responder が triage 中 · 決済 が通りません")
    assert line.raw["message_reference"]["message_id"] == said.id
    assert not line.pings_here
    assert line.raw["mentions"] == []
    walk = TriageWalk(world.human, "responder", "general")
    await walk.answer(card, YES, YES, CONFIRM)
    alert = await world.expect_alert(SEV1, "決済 が通りません")
    assert (await world.expect_link(line, alert.post.id)).text.startswith("🔴 未対応 · SEV1 INC-1")
    [row] = await world.rows("SELECT data FROM timeline WHERE kind = 'evidence'")
    assert "昼からずっとです @everyone" in row["data"]
    assert '"author_name": "observer"' in row["data"]


async def test_the_line_follows_the_incident(world: World) -> None:
    """Acknowledged, it says so: one message per thing, which stays true."""
    alert = await world.triage(SEV3, title=TITLE)
    line = await line_of(world, f"SEV3 {alert.label}")
    await world.react(alert, by="primary")
    await world.expect_text(line, "🟠 対応中")


async def test_two_people_answer_one_triage(world: World) -> None:
    """A second person joins by the line's button, and a late answer says who was first."""
    walk, other = (
        TriageWalk(world.human, "responder", "general"),
        TriageWalk(world.human, "primary", "general"),
    )
    mine = await walk.begin(REPORT)
    joined = await world.click(await line_of(world, "🔎 @responder"), JOIN, by="primary")
    theirs = joined.messages[-1]
    assert theirs.is_private
    assert "本番ユーザーに影響がありますか" in theirs.text
    mine = await walk.press(mine, YES)
    theirs = await other.press(theirs, NO)
    assert "@responder が先に「はい」と答えました" in theirs.text
    assert "影響は大きいですか" in theirs.text
    theirs = await other.press(theirs, NO)
    assert "本番影響あり (@responder) → 一部の影響 (@primary)" in theirs.text
    mine = await walk.press(mine, YES)
    assert "@primary が先に「いいえ」と答えました" in mine.text
    await walk.press(mine, CONFIRM)
    await world.expect_alert(SEV2, TITLE)
    assert "発報しました" in (await other.press(theirs, CONFIRM)).text
    assert [row["n"] for row in await world.rows("SELECT count(*) AS n FROM incidents")] == [1]


async def test_nobody_raises_what_they_have_not_seen(world: World) -> None:
    """A result that another person has just changed is shown first, and raised only when confirmed again."""
    walk, other = (
        TriageWalk(world.human, "responder", "general"),
        TriageWalk(world.human, "primary", "general"),
    )
    mine = await walk.answer(await walk.begin(REPORT), YES, YES)
    joined = await world.click(await line_of(world, "🔎 @responder"), JOIN, by="primary")
    theirs = await other.press(joined.messages[-1], "前の答えを変える", values=["users_affected"])
    await other.answer(theirs, NO, YES)
    shown = await walk.press(mine, CONFIRM)
    assert "判定が変わっています" in shown.text
    assert "SEV3 / P2" in shown.text
    await world.expect_nothing_more()
    await walk.press(shown, CONFIRM)
    await world.expect_alert(SEV3, TITLE)


async def test_others_at_the_same_thing_are_told(world: World) -> None:
    """The second report names the first one, and cancelling takes its line's button away."""
    first = TriageWalk(world.human, "primary", "general")
    card = await first.begin(TriageReport("決済が落ちた"))
    second = TriageWalk(world.human, "responder", "general")
    told = await second.begin(REPORT)
    assert "🔎 ほかに triage 中: 「決済が落ちた」(@primary)" in told.text
    await first.press(card, "やめる")
    line = await line_of(world, "⚪ 取消 · 決済が落ちた · @primary")
    assert line.controls == []


async def test_a_message_is_triaged_once(world: World) -> None:
    """A second triage of a message joins the first, after a restart too, and later shows the incident."""
    said = await world.human.say("observer", "general", "決済が通りません")
    first, second = await from_menu(world, said), await from_menu(world, said, by="primary")
    mine = (await world.human.submit("responder", first, {"title": TITLE})).messages[-1]
    await world.restart_bot()
    joined = (await world.human.submit("primary", second, {"title": "決済が落ちた"})).messages[-1]
    assert "@responder がもう triage しています" in joined.text
    assert TITLE in joined.text
    walk = TriageWalk(world.human, "responder", "general")
    await walk.answer(mine, YES, YES, CONFIRM)
    alert = await world.expect_alert(SEV1, TITLE)
    third = await from_menu(world, said, by="primary")
    told = (await world.human.submit("primary", third, {"title": "また決済"})).messages[-1]
    assert f"もう {alert.label} として発報されています" in told.text
    assert "未対応" in told.text
    assert len(await world.rows("SELECT FROM incidents")) == 1
    await world.command("incident cancel", number=alert.number)
    await world.expect_message(alert.thread, contains="INC-1 取消")
    fourth = await from_menu(world, said, by="primary")
    anew = (await world.human.submit("primary", fourth, {"title": "また決済"})).messages[-1]
    assert "もう triage しています" not in anew.text
    assert "また決済" in anew.text


async def test_it_got_worse_before_its_re_evaluation(world: World) -> None:
    """A second triage of the message answers on the same card, and raises it at once."""
    said = await world.human.say("observer", "general", "夜間バッチの件数が半分です")
    first = await from_menu(world, said)
    walk = TriageWalk(world.human, "responder", "general")
    card = (await world.human.submit("responder", first, {"title": "件数が半分"})).messages[-1]
    await walk.answer(card, *REEVALUATE, "再評価に回す")
    await world.expect_message("p1-ops", contains="🟡 再評価 · 件数が半分")
    await world.settle()
    await world.restart_bot()
    second = await from_menu(world, said, by="primary")
    told = (await world.human.submit("primary", second, {"title": "件数が 0"})).messages[-1]
    assert "このメッセージはもう再評価を待っています" in told.text
    raised = await world.human.press("primary", told, "発報する")
    assert "SEV2 として発報しました" in raised.text
    await world.expect_alert(SEV2, "件数が半分")


async def test_two_forms_about_one_message_at_once(world: World) -> None:
    """Sent at the same moment they are one triage."""
    said = await world.human.say("observer", "general", "決済が通りません")
    people = ("responder", "primary", "secondary")
    forms = [await from_menu(world, said, by=by) for by in people]
    await asyncio.gather(
        *(world.human.submit(by, form, {"title": TITLE}) for by, form in zip(people, forms, strict=True))
    )
    assert len(await world.rows("SELECT FROM triages")) == 1


async def test_a_channel_that_takes_no_line(world: World) -> None:
    """The bot may not write where the triage was started: everything else works, the DLQ stays empty."""
    deny = int(P.SEND_MESSAGES)
    await world.human.change("channel", channel="general", role="incident-bot", deny=deny)
    await world.triage(SEV1, title=TITLE)
    assert await world.rows("SELECT FROM admin.notification_failures") == []


async def test_the_message_is_gone_before_the_form_comes_back(world: World) -> None:
    """Its words were kept when the menu was used; the line is posted without pointing to it."""
    said = await world.human.say("observer", "general", "決済が通りません")
    form = await from_menu(world, said)
    await world.human.delete("observer", said)
    sent = await world.human.submit("responder", form, {"title": TITLE})
    assert "> 決済が通りません" in sent.messages[-1].text
    line = await line_of(world, "🔎 @responder")
    assert line.raw.get("message_reference") is None


async def test_a_message_that_could_not_be_kept(world: World) -> None:
    """The form does not wait for the database; a message that was lost is read again from Discord."""
    said = await world.human.say("observer", "general", "決済が通りません")
    async with world.database() as connection, connection.transaction():
        await connection.execute("LOCK TABLE noted_messages")
        form = await from_menu(world, said)
    lost = await world.human.until(lambda: forgotten(world), "the kept message")
    assert lost
    sent = await world.human.submit("responder", form, {"title": TITLE})
    assert f"/{said.channel_id}/{said.id}" in sent.messages[-1].text


async def test_4000_characters_markup_and_mentions(world: World) -> None:
    """The title is cut to 200 characters, the evidence keeps everything, and no one is pinged."""
    evil = "# @everyone <@1100000000000000101> ||隠す|| " + "x" * 1_900
    said = await world.human.say("observer", "general", evil)
    form = await from_menu(world, said)
    assert len(typed(form, "title")) == 200
    sent = await world.human.submit("responder", form, {"title": typed(form, "title")})
    walk = TriageWalk(world.human, "responder", "general")
    await walk.answer(sent.messages[-1], YES, NO, CONFIRM)
    alert = await world.expect_alert(SEV2, "隠す")
    for message in (alert.post, alert.root, alert.card, await line_of(world, "SEV2")):
        assert message.raw["mentions"] == []
        assert "@everyone" not in message.text
    [row] = await world.rows("SELECT length(evidence ->> 'text') AS n FROM triages")
    assert row["n"] == len(evil)


async def test_start_time_corrected_keeps_the_message(world: World) -> None:
    """A form that was refused for its start time still belongs to its message."""
    said = await world.human.say("observer", "general", "決済が通りません")
    form = await from_menu(world, said)
    refused = await world.human.submit("responder", form, {"title": TITLE, "started": "さっき"})
    again = await world.human.press("responder", refused.messages[-1], "直して送る")
    sent = await world.human.submit("responder", again, {"started": "5分前"})
    assert "> 決済が通りません" in sent.messages[-1].text


async def test_a_role_lost_half_way(world: World) -> None:
    """Each answer checks the role again; people who still have it can continue."""
    walk = TriageWalk(world.human, "responder", "general")
    card = await walk.begin(REPORT)
    await world.human.change("member", user="responder", roles=[])
    said = await world.human.press("responder", card, YES)
    assert "ロールが必要です" in said.text
    refused = await world.click(await line_of(world, "🔎 @responder"), JOIN, by="observer")
    assert "ロールが必要です" in refused.text
    joined = await world.click(await line_of(world, "🔎 @responder"), JOIN, by="primary")
    await TriageWalk(world.human, "primary", "general").answer(joined.messages[-1], NO, YES, CONFIRM)
    await world.expect_alert(SEV3, TITLE)


async def test_menu_without_the_role(world: World) -> None:
    """Without the role no form opens, and the answer names the role."""
    said = await world.human.say("observer", "general", "決済が通りません")
    refused = await world.human.context("observer", "general", MENU, said)
    assert refused.modal is None
    assert "@responder" in refused.text


async def test_a_card_of_last_month(world: World) -> None:
    """A press on an expired triage says what to do."""
    walk = TriageWalk(world.human, "responder", "general")
    card = await walk.begin(REPORT)
    line = await line_of(world, "🔎 @responder")
    await world.fast_forward(days=31)
    await world.expect_text(line, "⚪ 期限切れ")
    late = await walk.press(card, YES)
    assert "期限切れ" in late.text
    assert "/triage を実行" in late.text
    assert late.controls == []
    await world.expect_nothing_more()


async def test_a_policy_that_changed_half_way(make_world: MakeWorld, tmp_path: Path) -> None:
    """The answers that fit no more are withdrawn; the question is asked again, and the rest goes on."""
    policy = tmp_path / "policy.toml"
    policy.write_text(default_policy_text(), encoding="utf-8")
    async with make_world(RUNBOOK_FILE=str(policy)) as world:
        await world.start_bot()
        walk = TriageWalk(world.human, "responder", "general")
        card = await walk.answer(await walk.begin(REPORT), YES, YES)
        changed = default_policy_text().replace("large_impact", "how_bad")
        policy.write_text(changed, encoding="utf-8")
        await world.restart_bot()
        card = await walk.press(card, CONFIRM)
        assert "判定フローが更新されました" in card.text
        assert "影響は大きいですか" in card.text
        await walk.answer(card, YES, CONFIRM)
        await world.expect_alert(SEV1, TITLE)


async def test_a_question_with_four_answers_is_a_select(make_world: MakeWorld, tmp_path: Path) -> None:
    """わからない among them; a fifth button would be one too many beside 戻る and やめる."""
    more = """
[triage.nodes.large_impact.answers.{name}]
label = "{name}"
to = "SEV2"
"""
    text = default_policy_text() + "".join(more.format(name=name) for name in ("some", "few"))
    policy = tmp_path / "policy.toml"
    policy.write_text(text, encoding="utf-8")
    async with make_world(RUNBOOK_FILE=str(policy)) as world:
        await world.start_bot()
        walk = TriageWalk(world.human, "responder", "general")
        card = await walk.answer(await walk.begin(REPORT), YES)
        assert [one.label for one in card.controls] == ["答えを選ぶ", "戻る", "やめる"]
        gone = await walk.press(card, "答えを選ぶ", values=["some"])
        assert "SEV2 / P1" in gone.text
        card = await walk.press(gone, "戻る")
        card = await walk.press(card, "答えを選ぶ", values=["unsure"])
        assert "影響大 (わからない)" in card.text
        await walk.answer(card, CONFIRM)
        await world.expect_alert(SEV1, TITLE)


async def test_an_expired_interaction(world: World) -> None:
    """An answer whose interaction has expired counts once, and the next one continues."""
    walk = TriageWalk(world.human, "responder", "general")
    card = await walk.begin(REPORT)
    await world.fault(route="POST /interactions/*/*/callback", times=1, delay_s=3.5)
    assert (await world.human.press("responder", card, YES)).state == "failed"
    await world.human.until(lambda: too_late(world), "the answer that came too late")
    given = "SELECT question FROM triage_answers"
    await world.human.until(lambda: one_or_none(world, given), "the answer on record")
    card = await walk.answer(card, YES, YES)
    assert "SEV1 / P0" in card.text
    assert [row["question"] for row in await world.rows(given)] == ["users_affected", "large_impact"]


async def test_english(world: World) -> None:
    """The menu's form, the card and its notices in the reader's language; the line in the team's."""
    await world.human.change("member", user="responder", locale="en-US")
    said = await world.human.say("observer", "general", "payments are down")
    form = await from_menu(world, said)
    sent = await world.human.submit("responder", form, {"title": typed(form, "title")})
    walk = TriageWalk(world.human, "responder", "general")
    card = await walk.answer(sent.messages[-1], "Yes", "No")
    assert "> payments are down — @observer" in card.text
    assert "Change an earlier answer" in [found.label for found in card.controls]
    await line_of(world, "🔎 @responder が triage 中 · payments are down")


async def test_the_bots_own_alert_is_no_new_trouble(world: World) -> None:
    """The menu on the bot's own alert shows its incident instead of a form."""
    alert = await world.declare(SEV1, title=TITLE)
    shown = await world.human.context("secondary", "p0-alerts", MENU, alert.post)
    assert shown.modal is None
    assert f"このメッセージは {alert.label} のものです" in shown.text
    assert "↕️ 重大度" in [found.label for found in shown.messages[-1].controls]
    said = await world.human.say("observer", alert.thread, "ログインも落ちています")
    opened = await world.human.context("responder", alert.thread, MENU, said)
    assert opened.modal is not None, "what is said in its thread may be another trouble"
    assert len(await world.rows("SELECT FROM incidents")) == 1
    assert await world.rows("SELECT FROM triages") == []
