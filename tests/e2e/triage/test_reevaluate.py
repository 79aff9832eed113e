"""再評価: neither production nor only dev. Source: the runbook, Triage 判定フロー."""

from bot.demo.triage_walk import CONFIRM, TriageReport, TriageWalk
from local_discord.client import Message
from tests.e2e.world.severities import NO, REEVALUATE, SEV1, SEV2, YES
from tests.e2e.world.world import World

TITLE = "夜間バッチの件数が半分"
MENU = "Triage this message"


async def hold(world: World) -> Message:
    """A triage that ends in 再評価; the quiet post that says when it will be asked about."""
    walk = TriageWalk(world.human, "responder", "general")
    card = await walk.answer(await walk.begin(TriageReport(TITLE)), *REEVALUATE, "再評価に回す")
    assert "再評価に回しました" in card.text
    held = await world.expect_message("p1-ops", contains=f"🟡 再評価 · {TITLE}", pings_here=False)
    assert held.raw["mentions"] == []
    assert "にここで確認します" in held.text
    return held


async def ask(world: World) -> tuple[Message, Message]:
    """30 minutes later: the quiet post, and the question."""
    held = await hold(world)
    await world.fast_forward(minutes=30)
    question = await world.expect_message("p1-ops", contains="もう一度見てください", pings_here=False)
    assert [user["username"] for user in question.raw["mentions"]] == ["responder"]
    await world.expect_link(held, question.id)
    return held, question


async def test_nobody_answers_so_it_promotes_itself(world: World) -> None:
    """A triage on hold is asked about after 30 minutes, and becomes a SEV2 after 15 more without an answer.

    The bot is killed in each stage.
    """
    held = await hold(world)
    await world.settle()
    await world.restart_bot()
    await world.fast_forward(minutes=29)
    await world.expect_nothing_more()
    await world.fast_forward(minutes=1)
    question = await world.expect_message("p1-ops", contains="もう一度見てください")
    await world.settle()
    await world.restart_bot()
    await world.fast_forward(minutes=14)
    await world.expect_nothing_more()
    await world.fast_forward(minutes=1)
    alert = await world.expect_alert(SEV2, TITLE)
    await world.expect_text(alert.post, "再評価に回答なし")
    for post in (held, question):
        await world.expect_link(post, alert.post.id)
        await world.expect_text(post, f" · {alert.label}")
    [why] = await world.rows("SELECT data FROM timeline WHERE kind = 'promoted'")
    assert '"triaged_by": "responder"' in why["data"]
    assert '"asked_at": "20' in why["data"]


async def test_a_deleted_question_is_asked_once_more(world: World) -> None:
    """A deleted question about a triage on hold is posted again, silently, and can be answered there.

    The line where the triage was started leads to its card as well.
    """
    held, question = await ask(world)
    await world.settle()
    await world.human.delete("admin", question)
    words = "もう一度見てください"
    again = await world.human.see("p1-ops", words, where=lambda found: found.id != question.id)
    assert again.raw["flags"] & 1 << 12, "whoever it mentions was told before"
    await world.expect_link(held, again.id)
    line = next(one for one in await world.posts("general") if TITLE in one.text and "再評価" in one.text)
    card = await world.click(line, "トリアージに参加", by="secondary")
    assert "発報する" in [control.label.split()[-1] for control in card.messages[-1].controls]
    await world.click(again, "問題なし", by="primary")
    await world.expect_text(again, "🟢 問題なし · @primary")
    await world.fast_forward(minutes=60)


async def test_somebody_raises_it_before_it_is_asked_about(world: World) -> None:
    """A second triage of the message answers on the same card, after a restart, and raises it at once.

    Only once, though the quiet post offers it too; the report stays whose it was.
    """
    said = await world.human.say("observer", "general", "夜間バッチの件数が半分です")
    forms = {by: await world.human.context(by, "general", MENU, said) for by in ("responder", "primary")}
    card = (await world.human.submit("responder", forms["responder"], {"title": TITLE})).messages[-1]
    walk = TriageWalk(world.human, "responder", "general")
    await walk.answer(card, *REEVALUATE, "再評価に回す")
    held = await world.expect_message("p1-ops", contains=f"🟡 再評価 · {TITLE}")
    assert "発報する" in [control.label.split()[-1] for control in held.controls]
    await world.settle()
    await world.restart_bot()
    told = (await world.human.submit("primary", forms["primary"], {"title": "件数が 0"})).messages[-1]
    assert "このメッセージは再評価待ちです" in told.text
    raised = await world.human.press("primary", told, "発報する")
    assert "SEV2 として発報しました" in raised.text
    alert = await world.expect_alert(SEV2, TITLE)
    assert "報告 @responder" in alert.post.text
    shown = await world.command("incident timeline", number=alert.number)
    assert "発報 · @primary · SEV2 · 報告：@responder" in shown.text
    await world.expect_link(held, alert.post.id)
    await world.fast_forward(minutes=60)


async def test_a_second_look(world: World) -> None:
    """[もう一度見る] asks the questions again; two people may answer; everyone sees who is at it."""
    _, question = await ask(world)
    looked = await world.click(question, "もう一度見る", by="primary")
    card = looked.messages[-1]
    assert "本番ユーザーに影響がありますか" in card.text
    assert card.is_private
    await world.expect_text(question, "🔎 @primary がもう一度見ています")
    joined = await world.click(question, "もう一度見る", by="secondary")
    walk = TriageWalk(world.human, "secondary", "p1-ops")
    assert "SEV1 / P0" in (await walk.answer(joined.messages[-1], YES, YES)).text
    late = await TriageWalk(world.human, "primary", "p1-ops").press(card, NO)
    assert "@secondary が先に「はい」と答えました" in late.text
    await TriageWalk(world.human, "primary", "p1-ops").press(late, CONFIRM)
    alert = await world.expect_alert(SEV1, TITLE)
    await world.expect_link(question, alert.post.id)
    assert await world.rows("SELECT FROM triages WHERE reevaluate_at IS NOT NULL") == []
