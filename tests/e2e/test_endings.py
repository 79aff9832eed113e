"""However an incident ends, and how it goes on again."""

from http import HTTPStatus

import pytest

from local_discord.people import Interaction
from tests.e2e.alert import Alert
from tests.e2e.severities import SEV1, SEV2, SEV3
from tests.e2e.world import World

TITLE = "決済 API が 5xx"

_RESOLVED = "INC-1 は @primary が解決済みです"
#: What each button of a post that was not edited any more says after the end.
_OF_AN_ENDED_ONE = {
    "👀 参加する": "INC-1 は 🟢 解決 です",
    "📋 初動": "wrangler",
    "✏️ 更新": _RESOLVED,
    "↕️ 重大度": _RESOLVED,
    "✅ 解決": _RESOLVED,
}
#: The commands that are for what has ended, too; each offers it.
WHAT_TAKES_ENDED_ONES = ("reopen", "show", "timeline", "note", "link", "unlink", "private")


async def test_a_false_alarm(world: World) -> None:
    """Cancelled from its thread without naming it: post, thread and DM say so, the ladder is off."""
    alert = await world.declare(SEV1, title=TITLE)
    said = await world.command("incident cancel", channel=alert.thread, reason="監視の設定ミス")
    assert "INC-1 を取り消しました" in said.text
    line = await world.expect_message(alert.thread, contains="INC-1 取消")
    assert "理由: 監視の設定ミス" in line.text
    post = await world.expect_text(alert.post, "⚪ SEV1 · 取消")
    assert [control.label for control in post.controls] == ["📝 メモ", "🔄 再開", "スレッドへ"]
    await world.settle()
    assert "⚪" in await world.thread_name(alert.thread)
    again = await world.command("incident resolve", number=alert.number)
    assert "誤報として取り消しています" in again.text
    await world.fast_forward(hours=5)
    await world.expect_nothing_more()


async def test_resolved_and_opened_again_after_a_restart(world: World) -> None:
    """An old button reopens after a restart; the person who pressed responds, and no one is pinged."""
    alert = await world.declare(SEV1, title=TITLE)
    asked = await world.click(alert, "解決", by="responder")
    assert "再開" in asked.text
    await world.human.press("responder", asked.messages[-1], "解決にする")
    await world.expect_message(alert.thread, contains="INC-1 解決")
    await world.expect_text(alert.post, "🟢 SEV1 · 解決")
    await world.restart_bot()
    said = await world.click(alert, "再開", by="secondary")
    assert "INC-1 を再開しました" in said.text
    line = await world.expect_message(alert.thread, contains="INC-1 再開")
    assert "@secondary" in line.text
    await world.expect_text(alert.post, "🟠 SEV1 · 対応中")
    await world.settle()
    assert "🟠" in await world.thread_name(alert.thread)
    twice = await world.click(alert, "初動", by="secondary")
    assert "wrangler" in twice.text
    refused = await world.command("incident reopen", number=alert.number)
    assert "終わっていません" in refused.text
    await world.fast_forward(minutes=29)
    await world.expect_nothing_more()


async def test_a_name_that_discord_takes_later_holds_up_no_post(world: World) -> None:
    """It allows two names in ten minutes: what changes after the third is shown on the post at once, all the
    same, and the name comes when there is room.
    """
    alert = await world.declare(SEV1, title=TITLE)
    await world.react(alert, by="primary")
    await world.expect_acknowledged(alert, by="primary")
    await expect_name(world, alert, "🟠")
    asked = await world.click(alert, "解決", by="primary")
    await world.human.press("primary", asked.messages[-1], "解決にする")
    await world.expect_message(alert.thread, contains="INC-1 解決")
    await expect_name(world, alert, "🟢")
    await world.click(alert, "再開", by="secondary")
    await world.expect_text(alert.post, "🟠 SEV1 · 対応中")
    await world.expect_message(alert.thread, contains="INC-1 再開")
    await world.idle()
    assert "🟢" in await world.thread_name(alert.thread)
    form = await world.command("incident edit", channel=alert.thread)
    await world.human.submit("responder", form, {"title": "決済 API が 502"})
    await world.expect_message(alert.thread, contains="が訂正")
    await world.expect_text(alert.post, "決済 API が 502")
    await world.fast_forward(minutes=10)
    await expect_name(world, alert, "🟠")
    await world.expect_nothing_more()


async def test_the_thread_sleeps_after_a_day_and_wakes_on_reopen(world: World) -> None:
    """Its name says the state all the while; killed in between, the sleep is not forgotten."""
    alert = await world.declare(SEV3, title=TITLE)
    await world.command("incident cancel", number=alert.number)
    await world.expect_message(alert.thread, contains="取消")
    await world.settle()
    await world.kill_bot()
    await world.shift(days=1, minutes=2)
    await world.start_bot()
    await world.settle()
    assert await archived(world, alert.thread)
    for name in WHAT_TAKES_ENDED_ONES:
        offered = await world.human.autocomplete("responder", "general", f"incident {name}", "number", "決済")
        assert [choice["value"] for choice in offered] == [alert.number], name
    await world.command("incident reopen", number=alert.number, reason="本物だった")
    line = await world.expect_message(alert.thread, contains="再開")
    assert "理由: 本物だった" in line.text
    await world.settle()
    assert not await archived(world, alert.thread)
    assert "🟠" in await world.thread_name(alert.thread)


@pytest.mark.timeout(240)  # the capped edits wait, too
async def test_the_buttons_of_last_month(world: World) -> None:
    """An old post that Discord no longer lets the bot edit keeps its buttons, and they still answer.

    Each press is answered with what is true, and wakes nobody. Once edits are taken again, the post is true.
    """
    alert = await world.declare(SEV1, title=TITLE)
    await world.react(alert, by="primary")
    await world.expect_acknowledged(alert, by="primary")
    await world.settle()
    # The alert alone: each attempt to edit it waits as long as the bot has patience.
    capped = {"status": HTTPStatus.TOO_MANY_REQUESTS, "code": 30046, "retry_after": 100, "times": None}
    await world.fault(route=f"PATCH /channels/*/messages/{alert.post.id}", **capped)
    asked = await world.click(alert, "解決", by="primary")
    await world.human.press("primary", asked.messages[-1], "解決にする")
    await world.expect_message(alert.thread, contains="INC-1 解決")
    await world.fast_forward(days=1, minutes=2)
    await world.settle()
    await world.fast_forward(days=30)
    assert await archived(world, alert.thread)

    on_screen = await world.reread(alert.post)
    assert "🟠 SEV1 · 対応中" in on_screen.text
    for control in [one for one in on_screen.controls if one.custom_id is not None]:
        said = await world.human.click("secondary", alert.post.id, control)
        assert _OF_AN_ENDED_ONE[control.label] in said.text, (control.label, said.text)
    await world.human.react("secondary", alert.post, "👀")
    await world.settle()
    assert await archived(world, alert.thread)

    said = await world.command("incident reopen", by="secondary", number=alert.number)
    assert "INC-1 を再開しました" in said.text
    await world.expect_message(alert.thread, contains="INC-1 再開")
    await world.human.clear_faults()
    await world.fast_forward(minutes=2)
    await world.expect_text(alert.post, "👀 @primary")
    await world.expect_text(alert.post, "🔄 @secondary")


async def test_a_duplicate_is_merged(world: World) -> None:
    """Its post points to the other one, which hears of it; its ladder is off, the other's goes on."""
    first = await world.declare(SEV2, title=TITLE)
    second = await world.declare(SEV2, title="決済が通らない")
    options = await world.human.autocomplete("responder", second.thread, "incident merge", "into", "")
    assert [choice["value"] for choice in options] == [first.number]
    said = await world.command("incident merge", channel=second.thread, into=first.number)
    assert "INC-2 を INC-1 に統合しました" in said.text
    await world.expect_message(second.thread, contains="INC-1 と同じです")
    await world.expect_message(first.thread, contains="INC-2 をこのインシデントにまとめました")
    post = await world.expect_text(second.post, "→ **INC-1**")
    assert post.content.startswith("⚪ SEV2 · 統合")
    shown = await world.click(second, "統合先を見る", by="primary")
    assert TITLE in shown.text
    assert "INC-2" in shown.text, "the related ones"
    ended = await world.command("incident merge", number=first.number, into=second.number)
    assert "INC-2 は終わっています" in ended.text
    itself = await world.command("incident merge", number=first.number, into=first.number)
    assert "自分自身には統合できません" in itself.text
    await world.fast_forward(hours=3)
    await world.expect_nothing_more()


async def test_a_burning_sev1_that_is_merged_burns_on(world: World) -> None:
    """A SEV3 that an unanswered SEV1 is merged into becomes a SEV1, and its ladder goes on."""
    low = await world.declare(SEV3, title=TITLE)
    high = await world.declare(SEV1, title="決済が通らない")
    said = await world.command("incident merge", number=high.number, into=low.number)
    for part in ("INC-2 を INC-1 に統合しました", "SEV3 → **SEV1 / P0**", "#p0-alerts に @here で通知"):
        assert part in said.text
    await world.expect_message(high.thread, contains="INC-1 と同じです")
    await world.expect_text(high.post, "→ **INC-1**")
    new = await world.expect_message("p0-alerts", contains=f"SEV1 · {TITLE}", pings_here=True)
    await world.expect_dm("primary", contains=TITLE)
    await world.expect_message(low.thread, contains="続きは新しいスレッドで")
    for words in ("開始時刻", "SEV1 / P0"):
        await world.expect_message(new.id, contains=words)
    line = await world.expect_message(new.id, contains="SEV3 → **SEV1**")
    assert "理由: INC-2 (SEV1) を統合" in line.text
    await world.fast_forward(minutes=15)
    await world.expect_message("p0-alerts", contains="15 分 ack なし", pings_here=True)
    for who in ("primary", "secondary"):
        await world.expect_dm(who, contains=TITLE)
    await world.expect_nothing_more()


async def test_a_merged_one_that_is_opened_again(world: World) -> None:
    """It was another trouble after all: each post says so, over a restart, and each is ended by itself."""
    first = await world.declare(SEV1, title=TITLE)
    second = await world.declare(SEV1, title="決済が通らない")
    await world.react(first, by="primary")
    await world.expect_acknowledged(first, by="primary")
    await world.command("incident merge", channel=second.thread, into=first.number)
    await world.expect_message(second.thread, contains="INC-1 と同じです")
    await world.expect_message(first.thread, contains="INC-2 をこのインシデントにまとめました")
    await world.expect_text(first.post, "関連 INC-2 (同じもの)")
    await world.restart_bot()
    await world.expect_text(second.post, "→ **INC-1**")  # an edit that had no room goes on after the restart
    said = await world.click(second, "再開", by="secondary")
    assert "INC-2 を再開しました" in said.text
    line = await world.expect_message(second.thread, contains="INC-2 再開")
    assert "@secondary" in line.text
    told = await world.expect_message(first.thread, contains="INC-2 は別のインシデントとして再開しました")
    assert "@secondary" in told.text
    post = await world.expect_text(second.post, "🔄 @secondary が再開")
    assert post.content.startswith("🟠 SEV1 · 対応中")
    await world.settle()
    assert "INC-2" not in (await world.reread(first.post)).text
    shown = await world.command("incident show", channel=second.thread)
    assert "再開" in shown.text
    assert "INC-1" not in shown.text.split("直近の記録")[0]
    history = await world.command("incident timeline", number=first.number)
    assert "統合を取り消し" in history.text
    [row] = await world.rows("SELECT acknowledged_at, reopened_by_name FROM incidents WHERE id = 2")
    assert (row["acknowledged_at"], row["reopened_by_name"]) == (None, "secondary")
    await world.fast_forward(minutes=29)
    await world.expect_nothing_more()


async def test_related_ones_are_linked(world: World) -> None:
    """Both threads and both posts say so, and `/incident show` lists the other."""
    first = await world.declare(SEV3, title=TITLE)
    second = await world.declare(SEV3, title="バッチが遅い")
    said = await link(world, first.number, second.number)
    assert said.text == "🔗 INC-1 と INC-2 を関連付けました。"
    await world.expect_message(first.thread, contains="INC-2 と関連付けました")
    await world.expect_message(second.thread, contains="INC-1 と関連付けました")
    await world.expect_text(first.post, "関連 INC-2")
    await world.expect_text(second.post, "関連 INC-1")
    await world.expect_text(first.card, "**関連** INC-2")
    again = await link(world, second.number, first.number)
    assert "関連付け済みです" in again.text
    itself = await link(world, first.number, first.number)
    assert "自分自身とは関連付けられません" in itself.text
    shown = await world.command("incident show", channel=first.thread)
    assert "バッチが遅い" in shown.text
    nowhere = await link(world, first.number, 99)
    assert "そのインシデントはありません" in nowhere.text


async def test_what_was_linked_by_mistake_is_unlinked(world: World) -> None:
    """`/incident unlink` offers the linked incidents and updates posts, cards and threads, despite a kill."""
    first = await world.declare(SEV3, title=TITLE)
    second = await world.declare(SEV3, title="バッチが遅い")
    await world.declare(SEV3, title="別の話")
    await link(world, first.number, second.number)
    await world.expect_message(first.thread, contains="INC-2 と関連付けました")
    await world.expect_message(second.thread, contains="INC-1 と関連付けました")
    for post, told in (
        (first.post, "関連 INC-2"),
        (second.post, "関連 INC-1"),
        (first.card, "**関連** INC-2"),
    ):
        await world.expect_text(post, told)
    assert await unlinkable(world, first.thread) == [2]
    await world.fault(
        route="POST /channels/*/messages", status=503, times=None
    )  # the lines wait, and the edits
    await world.fault(route="PATCH /channels/*/messages/*", status=503, times=None)
    said = await unlink(world, first.thread, second.number)
    assert said.text == "🔗 INC-1 と INC-2 の関連付けを外しました。"
    await world.kill_bot()
    await world.human.clear_faults()
    await world.start_bot()
    await world.shift(minutes=2)
    line = await world.expect_message(first.thread, contains="INC-2 との関連付けを外しました")
    assert "@responder" in line.text
    await world.expect_message(second.thread, contains="INC-1 との関連付けを外しました")
    await world.settle()
    for post in (first.post, second.post, first.card, second.card):
        assert "関連" not in (await world.reread(post)).text
    assert await unlinkable(world, first.thread) == []
    again = await unlink(world, second.thread, first.number)
    assert "関連付けられていません" in again.text
    shown = await world.command("incident timeline", channel=first.thread)
    assert "関連付けを解除" in shown.text
    await link(world, first.number, second.number)
    await world.expect_message(first.thread, contains="INC-2 と関連付けました")
    await world.expect_message(second.thread, contains="INC-1 と関連付けました")
    await world.expect_text(first.post, "関連 INC-2")
    await world.expect_nothing_more()


async def test_declared_with_a_choice_of_severity(world: World) -> None:
    """`/incident declare` is `/sev2` with a choice."""
    said = await world.command("incident declare", title=TITLE, severity="sev2")
    assert "発報しました" in said.text
    await world.expect_alert(SEV2, TITLE)
    wrong = await world.command("incident declare", title=TITLE, severity="P0?")
    assert "重大度「P0?」はありません" in wrong.text
    await world.expect_nothing_more()


async def test_the_list_keeps_its_filter_from_page_to_page(world: World) -> None:
    """Eleven that fit and one that does not: the second page has the last one, and not the other."""
    await world.human.change("limits", enabled=False)  # a dozen alerts in one channel would take their time
    for number in range(11):
        await world.command("sev3", title=f"deploy {number} が落ちた")
    await world.command("sev3", title="別の話")
    await world.settle()
    listed = await world.command(
        "incident list", status="open", severity="sev3", words="DEPLOY", mine=True, days=7
    )
    for part in ("継続中", "SEV3", "「DEPLOY」", "自分", "7 日以内", "deploy 10 が落ちた"):
        assert part in listed.text
    assert "別の話" not in listed.text
    await world.human.press("responder", listed.messages[-1], "古い方")
    channel = listed.messages[-1].channel_id
    shown = (await world.human.messages(channel, user="responder"))[-1]
    assert "deploy 0 が落ちた" in shown.text
    assert "別の話" not in shown.text
    assert "2 ページ目" in shown.text
    others = await world.command("incident list", by="primary", mine=True)
    assert "該当するインシデントはありません" in others.text
    world.ledger.forgive("p2-deploys", *[thread["id"] for thread in (await world.human.state())["threads"]])


async def link(world: World, number: int, other: int) -> Interaction:
    """`/incident link`; its option has a name that Python keeps for itself."""
    options = {"number": number, "with": other}
    return await world.human.command("responder", "general", "incident link", options)


async def unlink(world: World, thread: str, other: int) -> Interaction:
    """`/incident unlink` in the thread of the one."""
    return await world.human.command("responder", thread, "incident unlink", {"with": other})


async def unlinkable(world: World, thread: str) -> list[object]:
    """Return the choices of `/incident unlink` in the thread of an incident."""
    offered = await world.human.autocomplete("responder", thread, "incident unlink", "with", "")
    return [choice["value"] for choice in offered]


async def expect_name(world: World, alert: Alert, state: str) -> None:
    """Its thread says so, sooner or later."""

    async def look() -> bool | None:
        return True if state in await world.thread_name(alert.thread) else None

    await world.human.until(look, f"a thread with {state}")


async def archived(world: World, thread: str) -> bool:
    """Whether a thread is asleep."""
    state = await world.human.state()
    return bool(next(one["thread_metadata"]["archived"] for one in state["threads"] if one["id"] == thread))
