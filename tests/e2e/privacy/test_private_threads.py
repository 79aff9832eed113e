"""Private threads: people who left can return, refused people are named, a deleted thread is restored."""

from tests.e2e.privacy.test_private import (
    PEOPLE,
    RESPONDER,
    TITLE,
    expect_hidden,
    members,
    open_private,
    private_threads,
)
from tests.e2e.world.world import World

LET_IN = "PUT /channels/*/thread-members/*"


async def test_whoever_left_the_thread_or_was_refused_comes_back(world: World) -> None:
    """People who may see the incident return by the command, for themselves or for a named person.

    A person whom Discord refuses is named in the answer, the thread and the history; a second request adds
    them.
    """
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
    everybody = {*PEOPLE.values(), RESPONDER}
    assert await members(world, thread) == everybody

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


async def test_a_deleted_private_thread_comes_back_whole(world: World) -> None:
    """A deleted private thread is restored with its posts and people, without a ping, and its 👀 counts.

    One that is deleted while the bot is dead is found by the next change.
    """
    first, _ = await open_private(world)
    await world.settle()
    await world.human.remove_channel(first)
    second = await _another(world, than=[first])
    await world.expect_message(second, contains="開始時刻")
    alert = await world.expect_message(second, contains=f"SEV1 · {TITLE}")
    assert not alert.raw["mention_roles"]
    await world.expect_message(second, contains="**初動：**")
    assert await members(world, second) == set(PEOPLE.values())
    await world.settle()

    await world.kill_bot()
    await world.human.remove_channel(second)
    await world.start_bot()
    page = (await world.human.dms("primary"))[-1]
    await world.human.press("primary", page, "👀 ack")
    third = await _another(world, than=[first, second])
    await world.expect_message(third, contains="開始時刻")
    alert = await world.expect_message(third, contains=TITLE)
    await world.expect_text(alert, "@primary が対応中")
    await world.expect_message(third, contains="**初動：**")
    await world.react(alert, by="secondary")
    await world.fast_forward(minutes=16)
    await _named(world, third, "🔒 INC-1 🟠")
    assert len(await private_threads(world)) == 1
    await expect_hidden(world)


async def _another(world: World, *, than: list[str]) -> str:
    """The private thread that has taken the place of one."""

    async def look() -> str | None:
        return next((str(one["id"]) for one in await private_threads(world) if one["id"] not in than), None)

    return await world.human.until(look, "another private thread")


async def _named(world: World, thread: str, name: str) -> None:
    """Wait until *thread* has that name."""

    async def look() -> bool | None:
        return any((one["id"], one["name"]) == (thread, name) for one in await private_threads(world)) or None

    await world.human.until(look, name)
