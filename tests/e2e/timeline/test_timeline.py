"""The timeline: 📌, edits and deletions of pinned messages, back-dated notes, corrections, the file."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest_asyncio

from bot.runbook import default_policy_text
from local_discord.client import Message
from local_discord.world.kinds import ChannelType, extra_of
from local_discord.world.permissions import P
from local_discord.world.world import Channel
from tests.e2e.conftest import MakeWorld
from tests.e2e.world.alert import Alert
from tests.e2e.world.severities import SEV1, SEV2
from tests.e2e.world.world import World

TITLE = "決済 API が 5xx"
HIDDEN_ROOM = "1100000000000000998"
PIN, SEEN = "📌", "✅"
MENU = "Add to timeline"
UNREADABLE = "本文は読めません"
DELETED, EDITED, JOINED = (
    f"SELECT FROM timeline WHERE kind = '{kind}'" for kind in ("pin_deleted", "pin_edited", "voice_joined")
)


async def timeline(world: World, alert: Alert, *, by: str = "responder") -> Message:
    """The newest page."""
    return (await world.command("incident timeline", by=by, channel=alert.thread)).messages[-1]


async def expect_seen(world: World, message: Message) -> None:
    """Expect the bot's ✅ under the message."""

    async def look() -> bool | None:
        return True if SEEN in (await world.reread(message)).reactions else None

    await world.human.until(look, f"{SEEN} under a message")


async def one_or_none(world: World, query: str) -> object | None:
    """The first row, for waiting."""
    return next(iter(await world.rows(query)), None)


async def file_of(world: World, page: Message, label: str, *, by: str = "responder") -> str:
    """Return the file that [⬇ Markdown] sends to one person."""
    sent = await world.human.press(by, page, "Markdown")
    assert sent.messages[-1].is_private
    return await world.human.read_file(sent.messages[-1], f"{label}-timeline.md")


def line_with(page: Message, words: str) -> str:
    """Return the line of the page that has *words*."""
    (line,) = (line for line in page.text.split("\n") if words in line)
    return line


def choice_of(page: Message, kind: str) -> str:
    """Return the value by which the only entry of this *kind* is chosen on *page*."""
    options = page.control("訂正する").options or {}
    (value,) = [value for label, value in options.items() if kind in label]
    return value


async def corrected(world: World, page: Message, kind: str, **fields: str) -> None:
    """Correct the entry of this *kind* by the form that opens."""
    choice = choice_of(page, kind)
    form = await world.human.press("responder", page, "訂正する", values=[choice])
    await world.human.submit("responder", form, fields)


def moment(message: Message) -> str:
    """When it was posted, as the timeline writes it; its alert was raised in the same minute."""
    jst = message.at + timedelta(hours=9)
    return rf"{jst:%H:%M} \+0:0[01]"


async def test_a_pinned_message_is_on_the_timeline_whatever_becomes_of_it(reading: World) -> None:
    """A responder's 📌 adds a message once, with author, words, link and time, whatever becomes of it.

    An observer's 📌 is their own affair, and so is one in another channel.
    """
    world = reading
    alert = await world.declare(SEV1, title=TITLE)
    said = await world.human.say("observer", alert.thread, "DB の接続数が上限です | `SELECT`")
    await world.fast_forward(minutes=2)
    for who in ("responder", "primary"):
        await world.react(said, PIN, by=who)
        await expect_seen(world, said)
    line = line_with(await timeline(world, alert), "DB の接続数")
    assert re.match(f"{moment(said)} · 📌 発言 · @responder · @observer：DB の接続数が上限です", line)
    assert "です \\| \\`SELECT\\`" in line
    assert f"{alert.thread}/{said.id})" in line
    assert (await world.reread(said)).reactions == {PIN: 2, SEEN: 1}

    own = await world.human.say("observer", alert.thread, "見えています")
    elsewhere = await world.human.say("responder", "general", "昼食に行きます")
    await world.react(own, PIN, by="observer")
    await world.react(elsewhere, PIN, by="responder")
    await world.settle()
    assert "見えています" not in (await timeline(world, alert)).text
    assert SEEN not in (await world.reread(own)).reactions
    assert SEEN not in (await world.reread(elsewhere)).reactions

    await world.human.edit("observer", said, "DB の接続数は 100 です")
    await world.human.delete("observer", said)
    await world.human.until(lambda: one_or_none(world, DELETED), "the deletion on record")
    page = await timeline(world, alert)
    assert "📌 発言 · @responder · @observer：DB の接続数が上限です" in page.text
    edited = line_with(page, "📌 の発言を編集 · @observer · DB の接続数は 100 です")
    assert f"{alert.thread}/{said.id})" in edited
    assert "📌 の発言を削除 (本文は上に残っています) · @observer：DB の接続数は 100 です" in page.text


async def test_what_happened_while_the_bot_was_away(reading: World) -> None:
    """📌, an edit and a deletion during a restart are found; タイムライン behind the card's 📋 shows them."""
    world = reading
    alert = await world.declare(SEV1, title=TITLE)
    edited = await world.human.say("primary", alert.thread, "原因は DB")
    deleted = await world.human.say("primary", alert.thread, "原因は DNS")
    for message in (edited, deleted):
        await world.react(message, PIN, by="primary")
        await expect_seen(world, message)
    await world.settle()
    await world.kill_bot()
    missed = await world.human.say("observer", alert.thread, "復旧しました")
    for who in ("observer", "secondary"):
        await world.human.react(who, missed, PIN)
    await world.human.edit("primary", edited, "原因はコネクションプール")
    await world.human.delete("primary", deleted)
    await world.start_bot()
    await expect_seen(world, missed)
    # In the background, thread by thread, and deletions last.
    await world.human.until(lambda: one_or_none(world, DELETED), "the deletion on record")
    sheet = await world.click(alert.card, "コマンド", by="observer")
    shown = await world.human.press("observer", sheet.messages[-1], "タイムライン")
    assert shown.messages[-1].is_private
    for part in (
        f"{alert.label} のタイムライン",
        "📌 発言 · @secondary · @observer：復旧しました",
        "📌 の発言を編集 · @primary · 原因はコネクションプール",
        "原因は DNS",
        "📌 の発言を削除",
    ):
        assert part in shown.text


async def test_without_the_intent_the_menu_brings_the_words(world: World) -> None:
    """A reaction keeps author, link and time; タイムラインに追加 fills in the words, or adds a message.

    It says why not elsewhere or without the role. An edit is noted, without its words.
    """
    alert = await world.declare(SEV2, title=TITLE)
    said = await world.human.say("observer", alert.thread, "キャッシュが空です")
    await world.react(said, PIN, by="responder")
    await expect_seen(world, said)
    told = (await timeline(world, alert)).text
    assert f"@observer：{UNREADABLE}" in told
    filled = await world.human.context("responder", alert.thread, MENU, said)
    assert "本文を補いました" in filled.text
    told = (await timeline(world, alert)).text
    assert re.search(f"{moment(said)} · 📌 発言 · @responder · @observer：キャッシュが空です", told)
    again = await world.human.context("primary", alert.thread, MENU, said)
    assert "のタイムラインにあります" in again.text
    await world.human.edit("observer", said, "キャッシュが戻りました")
    await world.human.until(lambda: one_or_none(world, EDITED), "the edit on record")
    told = (await timeline(world, alert)).text
    assert f"📌 の発言を編集 · @observer · {UNREADABLE}" in told
    assert "キャッシュが空です" in told

    other = await world.human.say("observer", alert.thread, "ログを見ています")
    refused = await world.human.context("observer", alert.thread, MENU, other)
    assert "@responder" in refused.text
    added = await world.human.context("responder", alert.thread, MENU, other)
    assert "タイムラインに加えました" in added.text
    await expect_seen(world, other)
    elsewhere = await world.human.say("responder", "general", "昼食")
    lost = await world.human.context("responder", "general", MENU, elsewhere)
    assert "スレッドではありません" in lost.text


async def test_notes_stand_at_the_time_they_are_about(world: World) -> None:
    """A back-dated note shows when it was written; an impossible time is refused, and the text is kept.

    A person without permission is told before the form opens. Without a configured war room, joins are not
    noted.
    """
    alert = await world.declare(SEV1, title=TITLE)
    await world.react(alert, by="responder")
    await world.expect_text(alert.card, "@responder")
    await world.human.join_voice("primary", "war-room")
    shown = await world.command("incident show", by="observer", number=alert.number)
    card = await world.reread(alert.card)
    for post in (card, shown.messages[-1]):
        others = await world.human.press("observer", post, "その他")
        assert "ロールが必要です" in others.text
        assert "📝 メモ" not in [control.label for control in others.messages[-1].controls]
    await world.fast_forward(minutes=10)
    said = await world.command("incident note", number=alert.number, text="rollback を始めた", at="5分前")
    assert re.search(r"に \d\d/\d\d \d\d:\d\d JST のメモを残しました", said.text)
    posted = await world.expect_message(alert.thread, contains="rollback を始めた")
    assert "のこと" in posted.text
    told = await timeline(world, alert)
    assert re.search(r"\(\d\d/\d\d \d\d:\d\d:\d\d JST に記録\)", line_with(told, "rollback"))
    assert "🔊" not in told.text
    for typed, why in (("2099-01-01 10:00", "未来です"), ("さっき", "読めません")):
        refused = await world.command("incident note", number=alert.number, text="x", at=typed)
        assert why in refused.text

    form = await world.click(alert.card, "📝", by="responder")
    refused = await world.human.submit("responder", form, {"note": "長い\nメモ", "at": "さっき"})
    assert "読めません" in refused.text
    assert "長い\nメモ" in refused.text
    form = await world.click(alert.card, "📝", by="responder")
    sent = await world.human.submit("responder", form, {"note": "長い\nメモ", "at": "1分前"})
    assert "メモを残しました" in sent.text
    await world.expect_message(alert.thread, contains="長い\nメモ")

    [row] = await world.rows("SELECT started_at - interval '1 hour' AS at FROM incidents")
    before = row["at"].astimezone(ZoneInfo("Asia/Tokyo"))
    number, short, whole = alert.number, f"{before:%H:%M}", f"{before:%Y-%m-%d %H:%M}"
    refused = await world.command("incident note", number=number, text="deploy", at=short)
    assert f"`{whole}` のように日付も書いてください" in refused.text
    said = await world.command("incident note", number=number, text="deploy", at=whole)
    assert f"{before:%m/%d %H:%M} JST のメモを残しました" in said.text
    await world.expect_message(alert.thread, contains="deploy")


async def test_a_correction_shows_every_version_everywhere(world: World) -> None:
    """The form begins with the words so far, and can be sent after a restart; its page is drawn anew at once.

    Of an update, alert and card show the right words; the history keeps impact and every version.
    """
    alert = await world.declare(SEV1, title=TITLE)
    await world.react(alert, by="primary")
    await world.expect_acknowledged(alert, by="primary")
    await world.command("incident note", number=alert.number, text="14:10 に再起動")
    await world.expect_message(alert.thread, contains="14:10 に再起動")
    page = await timeline(world, alert)
    await corrected(world, page, "メモ", text="14:11 に再起動", at="2分前")
    await world.expect_message(alert.thread, contains="のこと) が訂正** ~~14:10 に再起動~~ 14:11 に再起動")

    async def look() -> Message | None:
        shown = await world.human.messages(alert.thread, user="responder")
        return next((one for one in shown if one.id == page.id and "~~ 14:11 に再起動" in one.text), None)

    drawn = await world.human.until(look, "the corrected page")
    assert re.search(r"~~[^~]*\d\d:\d\d[^~]*~~ \d\d:\d\d [-+]\d+:\d\d · 📝 メモ", drawn.text)

    choice = choice_of(drawn, "メモ")
    form = await world.human.press("responder", drawn, "訂正する", values=[choice])
    assert form.modal is not None
    assert "14:11 に再起動" in str(form.modal)
    refused = await world.human.press(
        "observer", await timeline(world, alert, by="observer"), "訂正する", values=[choice]
    )
    assert refused.modal is None
    await world.settle()
    await world.restart_bot()
    await world.human.submit("responder", form, {"text": "14:12 に再起動"})
    await world.expect_message(alert.thread, contains="~~14:11 に再起動~~ 14:12 に再起動")
    told = (await timeline(world, alert)).text
    assert "~~14:10 に再起動~~ ~~14:11 に再起動~~ 14:12 に再起動 (訂正 @responder" in told

    form = await world.click(alert.post, "更新", by="primary")
    await world.human.submit("primary", form, {"known": "DB が原因", "impact": "決済の 3 割"})
    update = await world.expect_message(alert.thread, contains="DB が原因")
    for words in ("DNS が原因", "証明書が原因"):
        await corrected(world, await timeline(world, alert), "状況報告", text=words)
        await world.expect_message(alert.thread, contains=f"~~ {words}")
    await world.expect_text(alert.post, "証明書が原因")
    await world.expect_text(alert.card, "証明書が原因")
    line = line_with(await timeline(world, alert), "状況報告")
    for part in (
        "~~DB が原因~~ ~~DNS が原因~~ 証明書が原因",
        "影響：決済の 3 割",
        f"{alert.thread}/{update.id})",
    ):
        assert part in line


async def test_pages_and_the_file(world: World) -> None:
    """Ten entries to a page, the newest first; the file has all of them, hostile text included."""
    alert = await world.declare(SEV1, title=TITLE)
    await world.react(alert, by="primary")
    await world.expect_acknowledged(alert, by="primary")
    for number in range(10):
        text = f"note {number} | `x` @here <@1> <script>"
        await world.command("incident note", number=alert.number, text=text)
        await world.expect_message(alert.thread, contains=f"note {number}")
    page = await timeline(world, alert)
    assert "note 9" in page.text
    assert "発報" not in page.text
    older = (await world.human.press("responder", page, "前のページ")).messages[-1]
    assert "発報" in older.text
    assert "👀 ack · @primary · リアクション" in older.text
    assert re.search(r"⚙ 通知 \d 件", older.text)
    folded = await world.human.press("responder", older, "Markdown")
    assert "⚙ 通知" in await world.human.read_file(folded.messages[-1], f"{alert.label}-timeline.md")
    sent = await world.human.press("responder", folded.messages[-1], "通知も 1 件ずつ")
    told = await world.human.read_file(sent.messages[-1], f"{alert.label}-timeline.md")
    whole = (await world.human.press("responder", older, "通知も表示")).messages[-1]
    oldest = (await world.human.press("responder", whole, "前のページ")).messages[-1]
    assert "当番に DM · @primary" in oldest.text
    assert told.startswith(f"# {alert.label} {TITLE}\n")
    assert "- **重大度**: SEV1 / P0" in told
    assert re.search(r"- \*\*ack\*\*: .* JST · @primary · 発報から", told)
    rows = [line for line in told.split("\n") if re.match(r"\| \d\d:\d\d:\d\d [-+]\d+:\d\d \|", line)]
    assert len(rows) == len(await world.rows("SELECT id FROM timeline WHERE incident_id = $1", alert.number))
    assert "note 0 \\| \\`x\\` ＠here \\<＠1> \\<script>" in told


@pytest_asyncio.fixture
async def war_room(make_world: MakeWorld, tmp_path: Path) -> AsyncIterator[World]:
    """A world whose policy names a war room, and by its id one that the bot may not view."""
    policy = tmp_path / "policy.toml"
    policy.write_text(
        default_policy_text().replace(
            "voice_channels = []", f'voice_channels = ["war-room", "{HIDDEN_ROOM}"]'
        ),
        encoding="utf-8",
    )
    async with make_world(RUNBOOK_FILE=str(policy)) as made:
        kind = ChannelType.VOICE
        room = Channel(HIDDEN_ROOM, kind, "board", extra=extra_of(kind))
        made.sandbox.core.world.channels[room.id] = room
        await made.human.change("channel", channel=room.id, role="incident-bot", deny=int(P.VIEW_CHANNEL))
        await made.start_bot()
        yield made


async def test_joining_the_war_room_is_noted(war_room: World) -> None:
    """A responder's join is noted on their incidents, once in a quarter of an hour.

    A join of a room that the bot may not view is not.
    """
    world = war_room
    alert = await world.declare(SEV1, title=TITLE)
    await world.react(alert, by="primary")
    await world.expect_acknowledged(alert, by="primary")
    other = await world.declare(SEV2, title="別の障害")
    await world.human.join_voice("primary", HIDDEN_ROOM)
    await world.settle()
    for _ in range(2):
        await world.human.join_voice("primary", "war-room")
        await world.human.until(lambda: one_or_none(world, JOINED), "the join on record")
        await world.human.leave_voice("primary")
    await world.human.join_voice("observer", "war-room")
    await world.human.join_voice("secondary", "war-room")
    await world.settle()
    told = (await timeline(world, alert)).text
    assert told.count("🔊 ボイスに参加 · @primary · war-room") == told.count("🔊") == 1
    assert "@secondary · war-room" not in told
    assert "@observer · war-room" not in told
    assert "🔊" not in (await timeline(world, other)).text
