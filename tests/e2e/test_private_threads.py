"""Private threads: people who left can return, refused people are named, a deleted thread is restored."""

from tests.e2e.severities import SEV1
from tests.e2e.test_private import (
    PEOPLE,
    RESPONDER,
    TITLE,
    expect_hidden,
    members,
    open_private,
    private_threads,
)
from tests.e2e.world import World

LET_IN = "PUT /channels/*/thread-members/*"


async def test_whoever_left_the_thread_comes_back(world: World) -> None:
    """People who may see the incident return by the command, for themselves or for a named person."""
    thread, _ = await open_private(world)
    await world.command("incident private", by="primary", number=1, user="responder")
    await world.expect_message(thread, contains="➕ @responder")
    everybody = {*PEOPLE.values(), RESPONDER}
    for _ in range(2):
        await world.human.leave_thread("primary", thread)
        await world.human.leave_thread("responder", thread)
        assert await members(world, thread) == {PEOPLE["secondary"]}
        entered = await world.command("incident private", by="primary", number=1)
        assert "あなたを非公開スレッドに追加しました" in entered.text
        added = await world.command("incident private", by="primary", number=1, user="responder")
        assert "@responder は INC-1 に追加済みです" in added.text
        assert await members(world, thread) == everybody
    await expect_hidden(world)
    await world.expect_nothing_more()


async def test_whoever_discord_refuses_is_told_of(world: World) -> None:
    """In the answer, in the thread and in the history; asking again lets them in once Discord takes them."""
    thread, _ = await open_private(world)
    await world.settle()
    await world.fault(route=LET_IN, status=403, code=50001, times=2)
    said = await world.command("incident private", by="primary", number=1, user="responder")
    assert "Discord がスレッドに入れません。#p0-alerts が見えるようにしてから" in said.text
    await world.expect_message(thread, contains="➕ @responder")
    await world.expect_message(thread, contains="⚠️ @responder をスレッドに入れられません")
    entered = await world.command("incident private", by="admin", number=1)
    assert "Discord があなたを非公開スレッドに入れません。#p0-alerts が見えるか" in entered.text
    await world.expect_message(thread, contains="⚠️ @admin をスレッドに入れられません")
    history = await world.command("incident timeline", by="primary", number=1)
    assert "配信に失敗" in history.text
    assert "@responder" in history.text
    assert await world.rows("SELECT FROM admin.notification_failures") == []

    await world.human.clear_faults()
    await world.command("incident private", by="primary", number=1, user="responder")
    assert await members(world, thread) == {*PEOPLE.values(), RESPONDER}
    await expect_hidden(world)
    await world.expect_nothing_more()


async def test_a_deleted_private_thread_comes_back_whole(world: World) -> None:
    """A deleted private thread is restored with its posts and people, without a ping, and its 👀 counts."""
    thread, _ = await open_private(world)
    await world.settle()
    await world.human.remove_channel(thread)
    again = await _another(world, than=thread)
    await world.expect_message(again, contains="開始時刻")
    alert = await world.expect_message(again, contains=f"SEV1 · {TITLE}")
    assert not alert.raw["mention_roles"]
    await world.expect_message(again, contains="SEV1 / P0")
    assert await members(world, again) == set(PEOPLE.values())
    await world.react(alert, by="secondary")
    await world.expect_text(alert, "👀 @secondary")
    await world.fast_forward(minutes=16)
    await _named(world, again, "🔒 INC-1 🟠")
    await expect_hidden(world)
    await world.expect_nothing_more()


async def test_a_private_thread_that_is_deleted_while_the_bot_is_dead(world: World) -> None:
    """The next change finds a private thread that was deleted while the bot was dead, and restores it."""
    thread, _ = await open_private(world)
    await world.settle()
    await world.kill_bot()
    await world.human.remove_channel(thread)
    await world.start_bot()
    page = (await world.human.dms("primary"))[-1]
    await world.human.press("primary", page, "👀 ack")
    again = await _another(world, than=thread)
    await world.expect_message(again, contains="開始時刻")
    alert = await world.expect_message(again, contains=TITLE)
    await world.expect_text(alert, "👀 @primary")
    await world.expect_message(again, contains="SEV1 / P0")
    await world.settle()
    assert len(await private_threads(world)) == 1
    await expect_hidden(world)
    await world.expect_nothing_more()


async def test_a_public_duplicate_names_it_no_more(world: World) -> None:
    """A duplicate of an incident made private says that it was merged, but not into which."""
    duplicate = await world.triage(SEV1, title="同じ障害")
    other = await world.triage(SEV1, title=TITLE)
    await world.command("incident merge", by="primary", number=duplicate.number, into=other.number)
    await world.expect_text(duplicate.post, f"統合 → **{other.label}**")
    await world.expect_message(duplicate.thread, contains="と同じです")
    await world.expect_message(other.thread, contains="まとめました")
    asked = await world.command("incident private", by="primary", number=other.number)
    await world.human.press("primary", asked.messages[-1], "非公開にする")
    thread = await _another(world, than="")
    for part in ("開始時刻", f"SEV1 · {TITLE}", "SEV1 / P0", "非公開にしました"):
        await world.expect_message(thread, contains=part)
    await world.settle()
    left = await world.reread(duplicate.post)
    assert "⚪ 統合 ·" in left.text
    assert other.label not in str(left.raw)
    assert f":view:{other.number}" not in str(left.raw)
    await world.expect_nothing_more()


async def _another(world: World, *, than: str) -> str:
    """The private thread that has taken the place of one."""

    async def look() -> str | None:
        return next((str(one["id"]) for one in await private_threads(world) if one["id"] != than), None)

    return await world.human.until(look, "another private thread")


async def _named(world: World, thread: str, name: str) -> None:
    """Wait until *thread* has that name."""

    async def look() -> bool | None:
        return any((one["id"], one["name"]) == (thread, name) for one in await private_threads(world)) or None

    await world.human.until(look, name)
