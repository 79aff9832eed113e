"""However an incident ends, and how it goes on again."""

from http import HTTPStatus

import pytest

from local_discord.client import Interaction
from tests.e2e.world.alert import Alert
from tests.e2e.world.severities import SEV1, SEV3
from tests.e2e.world.world import World

TITLE = "決済 API が 5xx"

_RESOLVED = "INC-1 は @primary が解決済みです"
#: What each button of a post that was not edited any more says after the end.
_OF_AN_ENDED_ONE = {
    "✏️ 更新": _RESOLVED,
    "✅ 解決": _RESOLVED,
    "その他…": "@primary が解決",
}
#: The commands that are for what has ended, too; each offers it.
WHAT_TAKES_ENDED_ONES = ("reopen", "show", "timeline", "note", "link", "unlink", "private")


async def test_a_false_alarm(world: World) -> None:
    """Cancelled from its thread without naming it: post, thread and DM say so, the ladder is off.

    The thread sleeps after a day, over a kill, and wakes on reopen; its name says the state all the while.
    """
    wrong = await world.command("incident declare", title=TITLE, severity="P0?")
    assert "重大度「P0?」はありません" in wrong.text
    said = await world.command("incident declare", title=TITLE, severity="sev1")
    assert "発報しました" in said.text
    alert = await world.expect_alert(SEV1, TITLE)
    said = await world.command("incident cancel", channel=alert.thread, reason="監視の設定ミス")
    assert "INC-1 を取り消しました" in said.text
    line = await world.expect_message(alert.thread, contains="INC-1 取消")
    assert "理由：監視の設定ミス" in line.text
    post = await world.expect_text(alert.post, " が取消 (")
    assert [control.label for control in post.controls] == ["🔄 再開", "📝 メモ", "その他…"]
    await world.settle()
    assert "⚪" in await world.thread_name(alert.thread)
    again = await world.command("incident resolve", number=alert.number)
    assert "誤報として取り消しています" in again.text
    await world.fast_forward(hours=5)
    await world.expect_nothing_more()
    await world.kill_bot()
    await world.shift(hours=19, minutes=2)
    await world.start_bot()
    await world.settle()
    assert await archived(world, alert.thread)
    for name in WHAT_TAKES_ENDED_ONES:
        offered = await world.human.autocomplete("responder", "general", f"incident {name}", "number", "決済")
        assert [choice["value"] for choice in offered] == [alert.number], name
    await world.command("incident reopen", number=alert.number, reason="本物だった")
    line = await world.expect_message(alert.thread, contains="再開")
    assert "理由：本物だった" in line.text
    await world.settle()
    assert not await archived(world, alert.thread)
    assert "🟠" in await world.thread_name(alert.thread)


async def test_resolved_and_opened_again_after_a_restart(world: World) -> None:
    """An old button reopens after a restart; the person who pressed responds, and no one is pinged.

    Discord allows two names in ten minutes: what changes after the third is shown on the post at once, all
    the same, and the name comes when there is room.
    """
    alert = await world.declare(SEV1, title=TITLE)
    await world.react(alert, by="primary")
    await world.expect_acknowledged(alert, by="primary")
    await expect_name(world, alert, "🟠")
    asked = await world.click(alert, "解決", by="responder")
    await world.human.submit("responder", asked, {})
    await world.expect_message(alert.thread, contains="INC-1 解決")
    await world.expect_draft(alert.thread)
    await world.expect_dm("primary", contains="postmortem の担当はあなたです")
    await world.expect_text(alert.post, " が解決 (")
    await expect_name(world, alert, "🟢")
    await world.restart_bot()
    said = await world.click(alert, "再開", by="secondary")
    assert "INC-1 を再開しました" in said.text
    line = await world.expect_message(alert.thread, contains="INC-1 再開")
    assert "@secondary" in line.text
    await world.expect_text(alert.post, "@secondary が対応中")
    await world.idle()
    assert "🟢" in await world.thread_name(alert.thread)
    refused = await world.command("incident reopen", number=alert.number)
    assert "終わっていません" in refused.text
    form = await world.command("incident edit", channel=alert.thread)
    await world.human.submit("responder", form, {"title": "決済 API が 502"})
    await world.expect_message(alert.thread, contains="が訂正")
    await world.expect_text(alert.post, "決済 API が 502")
    await world.fast_forward(minutes=10)
    await expect_name(world, alert, "🟠")
    await world.fast_forward(minutes=19)
    await world.expect_nothing_more()


@pytest.mark.timeout(240)  # the capped edits wait, too
async def test_the_buttons_of_last_month(world: World) -> None:
    """An old post that Discord no longer lets the bot edit keeps its buttons, and they still answer.

    Each press is answered with the current state and pings no one. When edits work again, the post is
    updated.
    """
    alert = await world.declare(SEV1, title=TITLE)
    await world.react(alert, by="primary")
    await world.expect_acknowledged(alert, by="primary")
    await world.settle()
    # The alert alone: each attempt to edit it waits as long as the bot has patience.
    capped = {"status": HTTPStatus.TOO_MANY_REQUESTS, "code": 30046, "retry_after": 100, "times": None}
    await world.fault(route=f"PATCH /channels/*/messages/{alert.post.id}", **capped)
    asked = await world.click(alert, "解決", by="primary")
    await world.human.submit("primary", asked, {})
    await world.expect_message(alert.thread, contains="INC-1 解決")
    await world.expect_draft(alert.thread)
    await world.command(
        "postmortem done", by="primary", number=alert.number
    )  # so no reminder opens the thread
    await world.expect_message(alert.thread, contains="postmortem は済みました")
    await world.fast_forward(days=1, minutes=2)
    await world.settle()
    await world.fast_forward(days=30)
    assert await archived(world, alert.thread)

    on_screen = await world.reread(alert.post)
    assert "@primary が対応中" in on_screen.text
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
    await world.expect_text(alert.post, "@secondary が対応中")
    await world.expect_text(alert.post, "👀 @primary")


async def test_a_duplicate_is_merged_and_opened_again(world: World) -> None:
    """A merged duplicate's post points to the other incident, whose thread is told, over a restart.

    When the duplicate is reopened, both threads are told, and neither incident shows the other any more.
    """
    first = await world.declare(SEV1, title=TITLE)
    second = await world.declare(SEV1, title="決済が通らない")
    await world.react(first, by="primary")
    await world.expect_acknowledged(first, by="primary")
    options = await world.human.autocomplete("responder", second.thread, "incident merge", "into", "")
    assert [choice["value"] for choice in options] == [first.number]
    said = await world.command("incident merge", channel=second.thread, into=first.number)
    assert "INC-2 を No.1 に統合しました" in said.text
    await world.expect_message(second.thread, contains="No.1 と同じです")
    await world.expect_message(first.thread, contains="No.2 をこのインシデントにまとめました")
    await world.expect_text(first.post, "関連：No.2 (同じもの)")
    await world.restart_bot()
    post = await world.expect_text(second.post, "No.1 に統合")  # an edit that had no room goes on
    assert post.content.startswith("⚪ SEV1 · ")
    shown = await world.click(second, "合流先を見る", by="primary")
    assert TITLE in shown.text
    assert "INC-2" in shown.text, "the related ones"
    ended = await world.command("incident merge", number=first.number, into=second.number)
    assert "INC-2 は終わっています" in ended.text
    said = await world.click(second, "再開", by="secondary")
    assert "INC-2 を再開しました" in said.text
    line = await world.expect_message(second.thread, contains="INC-2 再開")
    assert "@secondary" in line.text
    told = await world.expect_message(first.thread, contains="No.2 は別のインシデントとして再開しました")
    assert "@secondary" in told.text
    post = await world.expect_text(second.post, "@secondary が対応中")
    assert post.content.startswith("🟠 SEV1 · ")
    await world.settle()
    for here, other, told_here in ((second, "No.1", "再開"), (first, "No.2", "統合を取り消し")):
        assert other not in (await world.reread(here.post)).text
        shown = await world.command("incident show", channel=here.thread)
        assert told_here in shown.text
        assert other not in shown.text.split("直近の記録")[0]
    history = await world.command("incident timeline", number=first.number)
    assert "統合を取り消し" in history.text
    [row] = await world.rows("SELECT acknowledged_at, reopened_by_name FROM incidents WHERE id = 2")
    assert (row["acknowledged_at"], row["reopened_by_name"]) == (None, "secondary")
    await world.fast_forward(minutes=29)
    await world.expect_nothing_more()


async def test_what_was_linked_by_mistake_is_unlinked(world: World) -> None:
    """Threads and posts say that two are linked, and `/incident show` lists the other.

    `/incident unlink` offers the linked incidents and updates posts and threads, despite a kill.
    """
    first = await world.declare(SEV3, title=TITLE)
    second = await world.declare(SEV3, title="バッチが遅い")
    await world.declare(SEV3, title="別の話")
    said = await link(world, first.number, second.number)
    assert said.text == "🔗 No.1 と No.2 を関連付けました。"
    await world.expect_message(first.thread, contains="No.2 と関連付けました")
    await world.expect_message(second.thread, contains="No.1 と関連付けました")
    for post, told in (
        (first.post, "関連：No.2"),
        (second.post, "関連：No.1"),
    ):
        await world.expect_text(post, told)
    shown = await world.command("incident show", channel=first.thread)
    assert "バッチが遅い" in shown.text
    assert await unlinkable(world, first.thread) == [2]
    await world.fault(
        route="POST /channels/*/messages", status=503, times=None
    )  # the lines wait, and the edits
    await world.fault(route="PATCH /channels/*/messages/*", status=503, times=None)
    said = await unlink(world, first.thread, second.number)
    assert said.text == "🔗 No.1 と No.2 の関連付けを外しました。"
    await world.kill_bot()
    await world.human.clear_faults()
    await world.start_bot()
    await world.shift(minutes=2)
    line = await world.expect_message(first.thread, contains="No.2 との関連付けを外しました")
    assert "@responder" in line.text
    await world.expect_message(second.thread, contains="No.1 との関連付けを外しました")
    await world.settle()
    for post in (first.post, second.post):
        assert "関連" not in (await world.reread(post)).text
    assert await unlinkable(world, first.thread) == []
    again = await unlink(world, second.thread, first.number)
    assert "関連付けられていません" in again.text
    shown = await world.command("incident timeline", channel=first.thread)
    assert "関連付けを解除" in shown.text
    await world.expect_nothing_more()


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
