"""Triage from a message, by several people, under everything that may change meanwhile."""

import asyncio
from pathlib import Path

from bot.demo.triage_walk import CONFIRM, TriageReport, TriageWalk
from bot.runbook import default_policy_text
from local_discord.client import Interaction, Message
from tests.e2e.conftest import MakeWorld
from tests.e2e.world.severities import NO, SEV1, SEV2, SEV3, YES
from tests.e2e.world.world import World

TITLE = "決済 API が 5xx"
REPORT = TriageReport(TITLE)
MENU = "Triage this message"
JOIN = "トリアージに参加"


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


async def forgotten(world: World, message: Message) -> bool | None:
    """Delete the noted words of *message*, once they are stored."""
    query = "DELETE FROM noted_messages WHERE message_id = $1 RETURNING message_id"
    return True if await world.rows(query, int(message.id)) else None


async def test_a_message_becomes_the_first_evidence_and_is_triaged_once(world: World) -> None:
    """A triaged message is evidence: its words and link are on the card, words and author on the timeline.

    A second triage of the message joins the first. The bot is killed while two forms are open. Once the
    message belongs to an incident, the menu leads there until the incident ends.
    """
    said = await world.human.say("observer", "general", "**決済** が通りません\n昼からずっとです @everyone")
    first, second = await from_menu(world, said), await from_menu(world, said, by="primary")
    assert typed(first, "title") == "決済 が通りません"
    await world.human.until(lambda: is_kept(world), "the kept message")
    await world.restart_bot()
    sent = await world.human.submit("responder", first, {"title": typed(first, "title")})
    card = sent.messages[-1]
    assert "> \\*\\*決済\\*\\* が通りません 昼からずっとです ＠everyone" in card.text
    assert f"/{said.channel_id}/{said.id}" in card.text
    line = await line_of(world, "🔎 @responder がトリアージ中 · 決済 が通りません")
    assert line.raw["message_reference"]["message_id"] == said.id
    assert not line.pings_here
    assert line.raw["mentions"] == []
    joined = (await world.human.submit("primary", second, {"title": "決済が落ちた"})).messages[-1]
    assert "@responder がトリアージ中です" in joined.text
    assert "決済 が通りません" in joined.text

    third = await from_menu(world, said, by="primary")
    await TriageWalk(world.human, "responder", "general").answer(card, YES, YES, CONFIRM)
    alert = await world.expect_alert(SEV1, "決済 が通りません")
    assert (await world.expect_link(line, alert.post.id)).text.startswith("🔴 SEV1 · ")
    [row] = await world.rows("SELECT data FROM timeline WHERE kind = 'evidence'")
    assert "昼からずっとです @everyone" in row["data"]
    assert '"author_name": "observer"' in row["data"]
    instead = await world.human.context("secondary", "general", MENU, said)
    assert instead.modal is None
    assert f"このメッセージは {alert.label} のものです" in instead.text
    told = (await world.human.submit("primary", third, {"title": "また決済"})).messages[-1]
    assert f"すでに {alert.label} として発報されています" in told.text
    assert "未対応" in told.text
    assert len(await world.rows("SELECT FROM incidents")) == 1
    await world.command("incident cancel", number=alert.number)
    await world.expect_message(alert.thread, contains="INC-1 取消")
    fourth = await from_menu(world, said, by="primary")
    anew = (await world.human.submit("primary", fourth, {"title": "また決済"})).messages[-1]
    assert "がトリアージ中です" not in anew.text
    assert "また決済" in anew.text


async def test_the_words_of_a_message_are_not_lost_while_its_form_is_open(world: World) -> None:
    """The card quotes a message that is deleted, not kept, or refused for its start time meanwhile."""
    gone = await world.human.say("observer", "general", "決済が通りません")
    form = await from_menu(world, gone)
    await world.human.delete("observer", gone)
    sent = await world.human.submit("responder", form, {"title": TITLE})
    assert "> 決済が通りません" in sent.messages[-1].text
    line = await line_of(world, "🔎 @responder")
    assert line.raw.get("message_reference") is None

    unkept = await world.human.say("observer", "general", "検索が通りません")
    async with world.database() as connection, connection.transaction():
        await connection.execute("LOCK TABLE noted_messages")
        form = await from_menu(world, unkept)
    await world.human.until(lambda: forgotten(world, unkept), "the kept message")
    sent = await world.human.submit("responder", form, {"title": "検索"})
    assert f"/{unkept.channel_id}/{unkept.id}" in sent.messages[-1].text

    late = await world.human.say("observer", "general", "ログインできません")
    form = await from_menu(world, late)
    refused = await world.human.submit("responder", form, {"title": "ログイン", "started": "さっき"})
    again = await world.human.press("responder", refused.messages[-1], "直して送る")
    sent = await world.human.submit("responder", again, {"started": "5分前"})
    assert "> ログインできません" in sent.messages[-1].text


async def test_a_report_of_the_same_trouble_joins_its_incident(world: World) -> None:
    """The bot is killed between the card and the press; two people press, and the report is there once."""
    alert = await world.declare(SEV1, title="決済APIが応答しない", by="primary")
    walk = TriageWalk(world.human, "responder", "general")
    card = await walk.answer(await walk.begin(REPORT), YES, YES)
    assert "似た継続中の件" in card.text
    assert f"[{alert.label}](" in card.text
    assert "🔴 SEV1 決済APIが応答しない" in card.text
    line = await line_of(world, "🔎 @responder がトリアージ中")
    theirs = (await world.human.press("secondary", line, JOIN)).messages[-1]
    await world.restart_bot()
    card = await walk.press(card, "これに合流")
    assert f"{alert.label} に合流しました" in card.text
    late = await TriageWalk(world.human, "secondary", "general").press(theirs, CONFIRM)
    assert f"{alert.label} に合流しました" in late.text, "no second incident by an old card"
    told = await world.expect_message(alert.thread, contains="同じ障害の報告")
    assert TITLE in told.text
    assert "判定：SEV1 本番影響あり → 影響大" in told.text
    assert len(await world.rows("SELECT FROM incidents")) == 1
    assert (await world.expect_link(line, alert.post.id)).text.startswith("🔴 SEV1 · ")


async def test_the_menu_opens_no_form_on_the_bots_own_alert(world: World) -> None:
    """The bot's own alert shows its incident."""
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


async def test_several_people_answer_one_triage(world: World) -> None:
    """A late answer says who was first, and a changed result is shown before the incident is opened.

    The second person joins by the line's button, the third by a form about the same message.
    """
    said = await world.human.say("observer", "general", "決済が通りません")
    people = ("responder", "primary", "secondary")
    forms = [await from_menu(world, said, by=by) for by in people]
    sent = await asyncio.gather(
        *(world.human.submit(by, form, {"title": TITLE}) for by, form in zip(people, forms, strict=True))
    )
    assert len(await world.rows("SELECT FROM triages")) == 1
    walk, other = (TriageWalk(world.human, by, "general") for by in people[:2])
    mine = sent[0].messages[-1]
    joined = await world.click(await line_of(world, "🔎", TITLE), JOIN, by="primary")
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

    theirs = await other.press(theirs, "前の答えを変える", values=["users_affected"])
    theirs = await other.answer(theirs, NO, YES)
    shown = await walk.press(mine, CONFIRM)
    assert "判定が変わっています" in shown.text
    assert "SEV3 / P2" in shown.text
    await world.expect_nothing_more()
    await walk.press(shown, CONFIRM)
    alert = await world.expect_alert(SEV3, TITLE)
    assert "発報しました" in (await other.press(theirs, CONFIRM)).text
    assert len(await world.rows("SELECT FROM incidents")) == 1
    line = await line_of(world, "SEV3 · ", f" · {alert.label}")
    await world.react(alert, by="primary")
    await world.expect_text(line, "**@primary が対応中")


async def test_others_take_over_from_whoever_loses_the_role(world: World) -> None:
    """The second report names the first one; each press asks for the role, and people who have it go on."""
    first = TriageWalk(world.human, "primary", "general")
    card = await first.begin(TriageReport("決済が落ちた"))
    second = TriageWalk(world.human, "responder", "general")
    told = await second.begin(REPORT)
    assert "🔎 ほかのトリアージ：「決済が落ちた」(@primary)" in told.text
    await line_of(world, "🔎 @primary がトリアージ中 · 決済が落ちた")  # one that ends unannounced has no line
    card = await first.press(card, "やめる")
    assert "発報していません" in card.text
    line = await line_of(world, "⚪ 取消 · 決済が落ちた · @primary")
    assert line.controls == []

    await world.human.change("member", user="responder", roles=[])
    said = await world.human.press("responder", told, YES)
    assert "ロールが必要です" in said.text
    line = await line_of(world, "🔎 @responder")
    refused = await world.click(line, JOIN, by="observer")
    assert "ロールが必要です" in refused.text
    joined = await world.click(line, JOIN, by="primary")
    await first.answer(joined.messages[-1], NO, YES, CONFIRM)
    await world.expect_alert(SEV3, TITLE)


async def test_a_question_with_four_answers_and_a_policy_that_changes_half_way(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    """Four answers are a select, わからない among them; those that fit no new policy are asked again."""
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
        assert "影響大かは不明 (安全側で「はい」)" in card.text

        policy.write_text(default_policy_text().replace("large_impact", "how_bad"), encoding="utf-8")
        await world.restart_bot()
        card = await walk.press(card, CONFIRM)
        assert "判定フローが更新されました" in card.text
        assert "影響は大きいですか" in card.text
        await walk.answer(card, YES, CONFIRM)
        await world.expect_alert(SEV1, TITLE)


async def test_english(world: World) -> None:
    """Form, card and notices are in the reader's language; line and alert in the team's."""
    await world.human.change("member", user="responder", locale="en-US")
    said = await world.human.say("observer", "general", "payments are down")
    form = await from_menu(world, said)
    sent = await world.human.submit("responder", form, {"title": typed(form, "title")})
    walk = TriageWalk(world.human, "responder", "general")
    card = sent.messages[-1]
    assert "Are production users affected?" in card.text
    card = await walk.answer(card, "Yes", "No")
    assert "> payments are down — @observer" in card.text
    assert "Change an earlier answer" in [found.label for found in card.controls]
    await line_of(world, "🔎 @responder がトリアージ中 · payments are down")
    await walk.answer(card, "Raise the alert")
    alert = await world.expect_alert(SEV2, "payments are down")
    assert "未対応" in alert.post.text
