"""Status updates: posted by form, due at intervals, asked for when they are late."""

from local_discord.client import Message
from tests.e2e.world.alert import Alert, affected
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World

TITLE = "決済 API が 5xx"


async def acknowledged(world: World, *, by: str = "primary") -> Alert:
    """Return a SEV1 with a responder."""
    alert = await world.declare(SEV1, title=TITLE)
    await world.react(alert, by=by)
    await world.expect_acknowledged(alert, by=by)
    return alert


async def tell_and_acknowledge(world: World, alert: Alert, *, by: str) -> None:
    """Post an update before anybody is on it, and press the ack that its answer asks for."""
    form = await world.click(alert, "更新", by=by)
    [said] = (await world.human.submit(by, form, {"known": "見ています"})).messages
    await world.expect_message(alert.thread, contains="見ています")
    assert "まだ ack されていません" in said.text
    await world.human.press(by, said, "ack")
    await world.expect_acknowledged(alert, by=by)


def pinged(message: Message) -> list[str]:
    """Return the people whom a message pings."""
    return [user["username"] for user in message.raw["mentions"]]


async def test_telling_by_form_and_by_command(world: World) -> None:
    """One form of five fields: the thread has words and state, alert and card show them, the promise is kept.

    In the thread the command needs no number. Two open forms do not undo each other, and what says nothing
    new is not posted. Before an acknowledge the answer asks for one.
    """
    alert = await world.triage(SEV1, title=TITLE)
    await tell_and_acknowledge(world, alert, by="primary")
    form = await world.click(alert, "更新", by="primary")
    said = await world.human.submit("primary", form, {})
    assert "何も変わっていません" in said.text
    first, second = [await world.click(alert, "更新", by=by) for by in ("primary", "responder")]
    targets = ["api.parky.co.jp", "admin.parky.co.jp"]
    where = affected(first, *(f"t:{target}" for target in targets))
    said = await world.human.submit("primary", first, {"impact": "決済の 2 割", **where})
    assert "対象と症状を更新しました" in said.text
    await world.expect_message(alert.thread, contains="**影響：** 決済の 2 割")
    said = await world.human.submit("responder", second, {"known": "ログを確認"})
    assert "対象と症状" not in said.text
    post = await world.expect_message(alert.thread, contains="ログを確認")
    assert "**影響：** 決済の 2 割" in post.text
    [row] = await world.rows("SELECT targets, symptoms, last_update ->> 'impact' AS impact FROM incidents")
    assert (row["targets"], row["symptoms"], row["impact"]) == (targets, [], "決済の 2 割")
    await world.expect_text(alert.post, "admin.parky.co.jp")

    form = await world.click(alert, "更新", by="responder")
    told = {"known": "rollback 中\n# @here 様子を見ています", "impact": "決済の 3 割", "next": "3600"}
    where = affected(form, *(f"t:{target}" for target in targets), "s:errors", "s:slow")
    said = await world.human.submit("responder", form, {**told, **where, "phase": ["identified"]})
    assert "更新をスレッドに投稿しました" in said.text
    assert "対象と症状を更新しました" in said.text
    post = await world.expect_message(alert.thread, contains="rollback 中")
    for words in (
        "✏️ **更新 ",
        "**状態：** 🟠 原因特定",
        "@responder",
        "＠here",
        "**影響：** 決済の 3 割",
        "**次の更新：** ",
    ):
        assert words in post.text
    assert not post.pings_here
    await world.expect_text(alert.post, "rollback 中")
    for shown in (alert.post, alert.card):
        on_it = await world.expect_text(shown, "原因特定 · @primary (")
        assert "\n決済の 3 割\n" in on_it.text
    assert "**原因特定 · @primary (" in (await world.command("incident list")).text
    history = await world.command("incident timeline", number=alert.number)
    assert "🟠 原因特定" in history.text
    await world.fast_forward(minutes=59)
    await world.expect_nothing_more()
    await world.fast_forward(minutes=1)
    await world.expect_reminder(alert)

    forms = [await world.click(alert, "更新", by="primary") for _ in range(2)]
    for form in forms:
        said = await world.human.submit("primary", form, {"known": "調査中"})
        assert "更新をスレッドに投稿しました" in said.text
    await world.expect_message(alert.thread, contains="調査中")
    assert "原因特定 · @primary" in (await world.reread(alert.card)).text, "no state was chosen"

    form = await world.command("incident update", by="primary", channel=alert.thread)
    await world.human.submit("primary", form, {"known": "原因が分かった", "next": "0"})
    post = await world.expect_message(alert.thread, contains="原因が分かった")
    assert "**影響：** 決済の 3 割" in post.text
    assert "**次の更新：** 予定なし" in post.text
    await world.fast_forward(hours=9)


async def test_a_commander_who_has_left_the_server(world: World) -> None:
    """The role becomes vacant and the acknowledger is reminded; if they left too, their ack lapses."""
    alert = await acknowledged(world, by="responder")
    await world.command("incident assign", by="secondary", number=alert.number, role="commander")
    await world.expect_message(alert.thread, contains="@secondary が担当します")
    await world.human._request("DELETE", "member", {"user": "secondary"})
    await world.fast_forward(minutes=30)
    await world.expect_message(alert.thread, contains="@secondary はもうサーバーにいません")
    assert pinged(await world.expect_message(alert.thread, contains="🔔")) == ["responder"]
    await world.expect_text(alert.card, "指揮：未定")
    await world.human._request("DELETE", "member", {"user": "responder"})
    await world.fast_forward(minutes=15)
    await world.expect_message("p0-alerts", contains="@responder の ack が失効", pings_here=True)
    await world.expect_message(alert.thread, contains="ack は失効しました")
    await world.expect_message(alert.thread, contains="@secondary に DM が届きません")
    await world.expect_dm("primary", contains=TITLE)


async def test_a_silent_incident_is_asked_for(world: World) -> None:
    """30 minutes after the ack and each update, the responder is pinged in the thread only.

    Once, though the bot is dead when an update is due, and killed as soon as its reminder is out.
    """
    alert = await acknowledged(world)
    await world.fast_forward(minutes=29)
    await world.expect_nothing_more()
    await world.fast_forward(minutes=1)
    reminder = await world.expect_reminder(alert)
    assert pinged(reminder) == ["primary"]
    assert "まだ更新がありません" in reminder.text
    await world.expect_text(alert.post, "更新期限切れ ")
    await world.fast_forward(minutes=14)
    await world.expect_nothing_more()
    form = await world.human.press("primary", reminder, "更新")
    await world.human.submit("primary", form, {"known": "復旧作業中"})
    await world.expect_message(alert.thread, contains="復旧作業中")
    await world.settle()
    await world.kill_bot()
    await world.shift(minutes=30)
    await world.start_bot()
    assert "前回の更新" in (await world.expect_reminder(alert)).text
    await world.die_and_return()
    rows = await world.rows("SELECT kind FROM timeline WHERE kind LIKE 'update%' ORDER BY id")
    assert [row["kind"] for row in rows] == ["update_due", "updated", "update_due"]


async def test_whoever_may_not_tell_gets_no_form_and_loses_no_words(world: World) -> None:
    """Refused before anything is typed; if the role or the incident was lost meanwhile, afterwards.

    What was typed comes back. After the end there is no form and no reminder.
    """
    alert = await acknowledged(world)
    said = await world.click(alert, "更新", by="observer")
    assert said.modal is None
    assert "ロールが必要です" in said.text
    late, update = [await world.click(alert, "更新", by="responder") for _ in range(2)]
    await world.human.change("member", user="responder", roles=[])
    said = await world.human.submit("responder", late, {"known": "見ています"})
    assert "ロールが必要です" in said.text
    await world.human.change("member", user="responder", roles=["responder"])

    grade = await world.click(alert, "重大度", by="primary")
    asked = await world.click(alert, "解決", by="secondary")
    await world.human.submit("secondary", asked, {})
    await world.expect_message(alert.thread, contains="解決** · @secondary")
    await world.expect_draft(alert.thread)
    await world.expect_dm("primary", contains="postmortem の担当はあなたです")
    typed = {"known": "復旧中\n様子を見ています", "impact": "決済"}
    told = await world.human.submit("responder", update, typed)
    assert "が解決済みです" in told.text
    known, impact = "**分かっていること**\n```\n復旧中\n様子を見ています\n```", "**影響**\n```\n決済\n```"
    assert f"{known}\n{impact}" in told.text
    told = await world.human.submit("primary", grade, {"severity": ["SEV2"], "reason": "一部だけ"})
    assert "```\n一部だけ\n```" in told.text
    refused = await world.command("incident update", number=alert.number)
    assert refused.modal is None
    assert "解決済み" in refused.text
    await world.fast_forward(hours=9)
