"""Drills: incidents that are marked, ping only on request, and are scored."""

from bot.demo.triage_walk import CONFIRM, TriageReport, TriageWalk
from local_discord.client import Message
from tests.e2e.privacy.test_private import private_threads
from tests.e2e.world.figures import measured, week_told
from tests.e2e.world.severities import SEV1, SEV3
from tests.e2e.world.world import World

MARK = "【訓練】"
MENU = "Triage this message"
TITLE = "決済 API が 5xx を返している"
INJECTS = ("Sentry に", "QR 決済の完了画面", "deploy されています", "下がりはじめました")


async def start(world: World, *, ring: bool = False) -> tuple[str, Message]:
    """Run `/drill start` as a person on call, and return the marked thread and alert."""
    said = await world.command("drill start", by="primary", ring=ring)
    assert "訓練を始めました" in said.text
    alert = await world.expect_message("p0-alerts", contains=TITLE)
    assert alert.content.removeprefix("@here ").startswith(MARK), alert.content
    thread = alert.id
    await world.expect_message(thread, contains="開始時刻")
    card = await world.expect_message(thread, contains="**初動：**")
    assert MARK in card.text
    dm = await world.expect_dm("primary", contains=TITLE)
    assert dm.content.startswith(MARK)
    await world.settle()
    assert (await world.thread_name(thread)).startswith(MARK)
    return thread, alert


async def drill_thread(world: World) -> str:
    """The one private thread, waited for."""

    async def look() -> str | None:
        found = await private_threads(world)
        return str(found[0]["id"]) if found else None

    return await world.human.until(look, "a private thread")


async def test_it_rings_nobody_and_goes_on_after_a_kill(world: World) -> None:
    """The alert, its injects, its escalation, the list and the screen are marked; no mention is one.

    After a kill each inject appears once, the drill ends by itself, and the score lists missed steps.
    """
    thread, alert = await start(world)
    assert not alert.pings_here
    assert "@here" not in alert.content
    assert MARK in (await world.command("incident list", by="observer")).text
    for screen in ("incident show", "incident timeline"):
        said = await world.command(screen, by="observer", number=1)
        assert MARK in said.text, screen
    offered = await world.human.autocomplete("observer", "general", "incident show", "number", TITLE)
    assert MARK in offered[0]["name"]
    await world.fast_forward(minutes=3)
    await expect_inject(world, thread, INJECTS[0])
    await world.kill_bot()
    await world.shift(minutes=10)
    await world.start_bot()
    for inject in INJECTS[1:3]:
        await expect_inject(world, thread, inject)
    await world.fast_forward(minutes=4)
    escalation = await world.expect_message("p0-alerts", contains="から未対応")
    assert escalation.content.startswith(MARK)
    assert not escalation.pings_here
    for who in ("primary", "secondary"):
        assert (await world.expect_dm(who, contains=TITLE)).content.startswith(MARK)
    await world.fast_forward(minutes=4)
    await expect_inject(world, thread, INJECTS[3])
    await world.fast_forward(minutes=10)
    score = await world.expect_message(thread, contains="訓練は終わりです")
    for part in (
        "👀 ack：なし",
        "🧭 指揮：なし",
        "☑ 初動の手順：0/",
        "完了していない初動の手順",
        "✏️ 状況報告：なし",
        "誰も ack していません",
        "✅ 解決：なし",
    ):
        assert part in score.text, part
    await world.expect_nothing_more()


async def expect_inject(world: World, thread: str, words: str) -> None:
    """Expect a line of the script, marked."""
    line = await world.expect_message(thread, contains=words)
    assert line.content.startswith(MARK)


async def test_a_drill_that_goes_well_is_scored(world: World) -> None:
    """Ack, command, an update, a note, the checks, the end: the score says when, and that none was missed."""
    thread, alert = await start(world)
    await world.fast_forward(minutes=3)
    await world.expect_message(thread, contains=INJECTS[0])
    await world.react(alert, by="primary")
    await world.expect_text(alert, "@primary が対応中")
    await world.command("incident assign", by="primary", channel=thread, role="commander")
    await world.expect_message(thread, contains="指揮")
    form = await world.command("incident update", by="primary", channel=thread)
    await world.human.submit("primary", form, {"known": "rollback 中"})
    await world.expect_message(thread, contains="rollback 中")
    await world.command("incident note", by="responder", channel=thread, text="deploy があった")
    await world.expect_message(thread, contains="deploy があった")
    card = await world.human.see(thread, "**初動：** 0/")
    steps = len(card.control("完了した手順を選ぶ").options or {})
    places = [str(place) for place in range(steps)]
    await world.human.press("primary", card, "完了した手順を選ぶ", values=places)
    asked = await world.command("incident resolve", by="primary", channel=thread)
    await world.human.submit("primary", asked, {})
    score = await world.expect_message(thread, contains="訓練は終わりです")
    for part in (
        MARK,
        "👀 ack：3 分 (期限 15 分)",
        "🧭 指揮：@primary",
        f"☑ 初動の手順：{steps}/{steps}",
        "📝 メモ 1 件",
        "抜けた手順はありません",
    ):
        assert part in score.text, part
    told = await world.command("incident timeline", by="observer", number=1)
    assert "訓練の結果 · 抜けた手順 0 件" in told.text
    await world.fast_forward(hours=2)
    await world.expect_nothing_more()


async def test_it_is_kept_apart_until_it_is_stopped(world: World) -> None:
    """A second drill is refused, and so are merging it with what is real and triaging its messages.

    The week's digest knows nothing of it, nor do the metrics.
    """
    thread, alert = await start(world)
    refused = await world.command("drill start", by="secondary", severity="sev2")
    assert "訓練 INC-1 が続いています" in refused.text
    assert "訓練には @on-call / @admin" in (await world.command("drill start", by="responder")).text
    real = await world.declare(SEV3, title="バッチが遅い")
    said = await world.command("incident merge", number=1, into=real.number)
    assert "INC-1 は訓練、INC-2 は訓練ではありません" in said.text
    assert await world.human.autocomplete("responder", thread, "incident link", "with", "") == []
    said_in_it = await world.human.say("responder", thread, "QR 決済も止まっています")
    for place, message in (("p0-alerts", alert), (thread, said_in_it)):
        told = await world.human.context("responder", place, MENU, message)
        assert told.modal is None, place
        assert "これは訓練のメッセージです" in told.text, place
        assert "/triage" in told.text, place
    assert await world.rows("SELECT FROM triages") == []
    metrics = await measured(world)
    assert 'incident_bot_incidents_open{severity="SEV1"} 0.0' in metrics
    assert 'incident_bot_incidents_unacknowledged{severity="SEV1"} 0.0' in metrics
    stopped = await world.command("drill stop", by="secondary")
    assert "訓練は終わりです" in stopped.text
    await world.expect_message(thread, contains="訓練は終わりです")
    assert "いま行っている訓練はありません" in (await world.command("drill stop", by="secondary")).text
    week = await week_told(world)
    assert TITLE not in week
    assert "SEV1 0 件" in week
    assert "**訓練** 1 回" in week
    await world.expect_nothing_more()


async def test_it_rings_when_asked_to_and_made_private_it_is_still_marked(world: World) -> None:
    """A drill with `ring:True` pings like a real incident; threads, alert and each line bear its mark."""
    thread, alert = await start(world, ring=True)
    assert alert.pings_here
    asked = await world.command("incident private", by="primary", number=1)
    await world.human.press("primary", asked.messages[-1], "非公開にする")
    inside = await drill_thread(world)
    for part in ("開始時刻", f"SEV1 · {TITLE}", "**初動：**"):
        await world.expect_message(inside, contains=part)
    told = await world.expect_message(inside, contains="を非公開にしました")
    assert told.content.startswith(f"{MARK}🔒 **"), told.content
    await world.expect_message(inside, contains="片付けが終わりました")
    await world.settle()
    assert (await world.thread_name(inside)).startswith(f"{MARK}🔒")
    assert (await world.thread_name(thread)).startswith(f"{MARK}🔒")
    left = next(one for one in await world.posts("p0-alerts") if one.id == alert.id)
    assert left.content.startswith(f"{MARK}🔒 INC-1")
    refused = await world.human.context("primary", inside, MENU, told)
    assert "これは訓練のメッセージです" in refused.text
    await world.expect_nothing_more()


async def test_real_trouble_during_it_is_said_to_be_real(world: World) -> None:
    """`/triage` and `/sev3` typed in its thread: on the card or in the answer."""
    thread, _ = await start(world)
    walk = TriageWalk(world.human, "responder", thread)
    card = await walk.begin(TriageReport("本当に落ちています"))
    assert "これは訓練ではありません" in card.text
    card = await walk.answer(card, *SEV1.answers)
    assert "これは訓練ではありません" in card.text
    await walk.answer(card, CONFIRM)
    real = await world.expect_alert(SEV1, "本当に落ちています")
    assert real.post.pings_here
    assert MARK not in real.post.content
    short = await world.command("sev3", by="responder", channel=thread, title="バッチが遅い")
    assert "訓練ではなく、本番のインシデントです" in short.text
    await world.expect_alert(SEV3, "バッチが遅い")
    await world.expect_nothing_more()
