"""Status updates: posted by form, due at intervals, asked for when they are late."""

from local_discord.people import Message
from tests.e2e.alert import Alert
from tests.e2e.severities import SEV1
from tests.e2e.world import World

TITLE = "決済 API が 5xx"


async def acknowledged(world: World, *, by: str = "primary") -> Alert:
    """Return a SEV1 with a responder."""
    alert = await world.triage(SEV1, title=TITLE)
    await world.react(alert, by=by)
    await world.expect_acknowledged(alert, by=by)
    return alert


def pinged(message: Message) -> list[str]:
    """Return the people whom a message pings."""
    return [user["username"] for user in message.raw["mentions"]]


async def test_telling_with_the_button(world: World) -> None:
    """One form of five fields: the thread has the words, alert and card show them, the promise is kept."""
    alert = await acknowledged(world)
    form = await world.click(alert, "更新", by="responder")
    fields = {"known": "rollback 中\n# @here 様子を見ています", "impact": "決済の 3 割", "next": "3600"}
    said = await world.human.submit("responder", form, {**fields, "symptoms": ["errors", "slow"]})
    assert "更新をスレッドに投稿しました" in said.text
    assert "対象と症状を更新しました" in said.text
    post = await world.expect_message(alert.thread, contains="📣 **更新 ")
    for words in ("@responder", "rollback 中", "＠here", "**影響** 決済の 3 割", "**次の更新** "):
        assert words in post.text
    assert not post.pings_here
    await world.expect_text(alert.post, "rollback 中")
    await world.expect_text(alert.post, "レスポンス遅延")
    await world.expect_text(alert.card, "**影響** 決済の 3 割")
    await world.fast_forward(minutes=59)
    await world.expect_nothing_more()
    await world.fast_forward(minutes=1)
    await world.expect_reminder(alert)


async def test_a_commander_who_has_left_the_server(world: World) -> None:
    """The role becomes vacant and the acknowledger is reminded; if they left too, their ack lapses."""
    alert = await acknowledged(world, by="responder")
    await world.command("incident assign", by="secondary", number=alert.number, role="commander")
    await world.expect_message(alert.thread, contains="@secondary が受け持ちます")
    await world.human._request("DELETE", "member", {"user": "secondary"})
    await world.fast_forward(minutes=30)
    await world.expect_message(alert.thread, contains="@secondary はもうサーバーにいません")
    assert pinged(await world.expect_message(alert.thread, contains="🔔")) == ["responder"]
    await world.expect_text(alert.card, "🧭 指揮 空席")
    await world.human._request("DELETE", "member", {"user": "responder"})
    await world.fast_forward(minutes=15)
    await world.expect_message("p0-alerts", contains="@responder の ack が失効", pings_here=True)
    await world.expect_message(alert.thread, contains="ack は失効しました")
    await world.expect_message(alert.thread, contains="@secondary に DM が届きません")
    await world.expect_dm("primary", contains=TITLE)
    await world.expect_nothing_more()


async def test_what_was_typed_comes_back_when_it_is_refused(world: World) -> None:
    """A form refused because the incident changed keeps the typed text."""
    alert = await acknowledged(world)
    update = await world.click(alert, "更新", by="responder")
    grade = await world.click(alert, "重大度", by="primary")
    asked = await world.click(alert, "解決", by="secondary")
    await world.human.press("secondary", asked.messages[-1], "解決にする")
    await world.expect_message(alert.thread, contains="解決** · @secondary")
    typed = {"known": "復旧中\n様子を見ています", "impact": "決済"}
    told = await world.human.submit("responder", update, typed)
    assert "が解決済みです" in told.text
    known, impact = "**分かっていること**\n```\n復旧中\n様子を見ています\n```", "**影響**\n```\n決済\n```"
    assert f"{known}\n{impact}" in told.text
    told = await world.human.submit("primary", grade, {"severity": ["SEV2"], "reason": "一部だけ"})
    assert "```\n一部だけ\n```" in told.text


async def test_telling_with_the_command(world: World) -> None:
    """In the thread the command needs no number; the impact is kept from one update to the next."""
    alert = await acknowledged(world)
    form = await world.command("incident update", by="primary", channel=alert.thread)
    await world.human.submit("primary", form, {"known": "調査中", "impact": "一部のユーザー"})
    await world.expect_message(alert.thread, contains="調査中")
    form = await world.command("incident update", by="primary", number=alert.number)
    await world.human.submit("primary", form, {"known": "原因が分かった", "next": "0"})
    post = await world.expect_message(alert.thread, contains="原因が分かった")
    assert "**影響** 一部のユーザー" in post.text
    assert "**次の更新** 予定なし" in post.text
    await world.fast_forward(hours=9)
    await world.expect_nothing_more()


async def test_a_form_that_says_nothing_new(world: World) -> None:
    """Sent as it opened: it says so. The same from two open forms: the thread has it once."""
    alert = await acknowledged(world)
    form = await world.click(alert, "更新", by="primary")
    said = await world.human.submit("primary", form, {})
    assert "何も変わっていません" in said.text
    forms = [await world.click(alert, "更新", by="primary") for _ in range(2)]
    for form in forms:
        said = await world.human.submit("primary", form, {"known": "調査中"})
        assert "更新をスレッドに投稿しました" in said.text
    await world.expect_message(alert.thread, contains="調査中")
    await world.expect_nothing_more()


async def test_two_open_forms_do_not_undo_each_other(world: World) -> None:
    """One adds a target, takes a symptom out, tells the impact; the other, opened before, writes a word."""
    alert = await acknowledged(world)
    first = await world.click(alert, "更新", by="primary")
    second = await world.click(alert, "更新", by="responder")
    fields = {"impact": "決済の 3 割", "targets": ["api.parky.co.jp", "admin.parky.co.jp"], "symptoms": []}
    said = await world.human.submit("primary", first, fields)
    assert "対象と症状を更新しました" in said.text
    await world.expect_message(alert.thread, contains="**影響** 決済の 3 割")
    said = await world.human.submit("responder", second, {"known": "ログを確認"})
    assert "対象と症状" not in said.text
    post = await world.expect_message(alert.thread, contains="ログを確認")
    assert "**影響** 決済の 3 割" in post.text
    [row] = await world.rows("SELECT targets, symptoms, last_update ->> 'impact' AS impact FROM incidents")
    assert row["targets"] == ["api.parky.co.jp", "admin.parky.co.jp"]
    assert (row["symptoms"], row["impact"]) == ([], "決済の 3 割")
    await world.expect_text(alert.card, "admin.parky.co.jp")
    await world.expect_nothing_more()


async def test_a_silent_incident_is_asked_for(world: World) -> None:
    """30 minutes after the ack and each update, the responder is pinged in the thread only."""
    alert = await acknowledged(world)
    await world.fast_forward(minutes=29)
    await world.expect_nothing_more()
    await world.fast_forward(minutes=1)
    reminder = await world.expect_reminder(alert)
    assert pinged(reminder) == ["primary"]
    assert "まだ更新がありません" in reminder.text
    await world.expect_text(alert.post, "を過ぎました")
    await world.fast_forward(minutes=14)
    await world.expect_nothing_more()
    form = await world.human.press("primary", reminder, "更新")
    await world.human.submit("primary", form, {"known": "復旧作業中"})
    await world.expect_message(alert.thread, contains="復旧作業中")
    await world.fast_forward(minutes=30)
    assert "前回の更新" in (await world.expect_reminder(alert)).text
    rows = await world.rows("SELECT kind FROM timeline WHERE kind LIKE 'update%' ORDER BY id")
    assert [row["kind"] for row in rows] == ["update_due", "updated", "update_due"]


async def test_killed_between_ack_and_reminder(world: World) -> None:
    """Dead when it was due: asked for once after the start, and not again after another."""
    alert = await acknowledged(world)
    await world.settle()
    await world.kill_bot()
    await world.shift(minutes=31)
    await world.start_bot()
    await world.expect_reminder(alert)
    await world.settle()
    await world.restart_bot()
    await world.expect_nothing_more()


async def test_killed_while_asking(world: World) -> None:
    """SIGKILL as soon as the reminder is out: it is not sent a second time."""
    alert = await acknowledged(world)
    await world.settle()
    await world.shift(minutes=30)
    await world.expect_reminder(alert)
    await world.die_and_return()
    await world.expect_nothing_more()


async def test_an_incident_that_ends_is_asked_for_no_more(world: World) -> None:
    """After the end, open forms and buttons are refused with advice, and no reminder comes."""
    alert = await acknowledged(world)
    form = await world.click(alert, "更新", by="responder")
    asked = await world.command("incident resolve", number=alert.number)
    await world.human.press("responder", asked.messages[-1], "解決にする")
    await world.expect_message(alert.thread, contains=f"{alert.label} 解決")
    late = await world.human.submit("responder", form, {"known": "まだ見ています"})
    assert "解決済み" in late.text
    refused = await world.command("incident update", number=alert.number)
    assert refused.modal is None
    assert "解決済み" in refused.text
    await world.fast_forward(hours=9)
    await world.expect_nothing_more()


async def test_outsiders_get_no_form(world: World) -> None:
    """Refused before anything is typed; and when the role was taken away meanwhile, afterwards."""
    alert = await acknowledged(world)
    said = await world.click(alert, "更新", by="observer")
    assert said.modal is None
    assert "ロールが必要です" in said.text
    form = await world.click(alert, "更新", by="responder")
    await world.human.change("member", user="responder", roles=[])
    said = await world.human.submit("responder", form, {"known": "見ています"})
    assert "ロールが必要です" in said.text
    await world.expect_nothing_more()
