"""A person removed from a private incident stays out, whatever happens to the bot."""

from tests.e2e.privacy.test_private import (
    PEOPLE,
    RESPONDER,
    TITLE,
    WORD,
    expect_hidden,
    expect_unknown_to,
    members,
    open_private,
)
from tests.e2e.world.world import World

MEMBERSHIP = "* /channels/*/thread-members/*"


async def add(world: World, *, by: str = "primary") -> str:
    """`/incident private user:` for the responder; the answer."""
    return (await world.command("incident private", by=by, number=1, user="responder")).text


async def remove(world: World, *, by: str = "primary", user: str | None = "responder") -> str:
    """`/incident private remove:True`, by default of the responder; the answer."""
    who = {} if user is None else {"user": user}
    return (await world.command("incident private", by=by, number=1, remove=True, **who)).text


async def named(world: World) -> str:
    """A private incident that the responder sees by name alone; its thread."""
    thread, _ = await open_private(world)
    await add(world)
    await world.expect_message(thread, contains="➕ @responder")
    assert await members(world, thread) == {*PEOPLE.values(), RESPONDER}
    return thread


async def test_whoever_is_removed_has_it_no_more(world: World) -> None:
    """A person removed from a private incident loses its thread, its number and the role there.

    The thread says who removed the person; the removal is in the history. The person can be added and removed
    again.
    If Discord keeps a removed person in the thread, the answer and the thread say so, and asking again helps.
    """
    thread = await named(world)
    await world.command("incident assign", by="primary", number=1, role="scribe", user="responder")
    await world.expect_message(thread, contains="✍️")
    await world.expect_dm("responder", contains=TITLE)
    said = await remove(world)
    assert said == "@responder を INC-1 から外しました。"
    line = await world.expect_message(thread, contains="➖ @responder を INC-1 から外しました")
    assert "@primary" in line.text
    await world.expect_message(thread, contains="✍️")
    assert await members(world, thread) == set(PEOPLE.values())
    await expect_unknown_to(world, "responder")
    offered = await world.human.autocomplete("responder", "general", "incident show", "number", WORD)
    assert offered == []
    history = await world.command("incident timeline", by="primary", number=1)
    assert "閲覧できる人を削除" in history.text
    assert "追加されていません" in await remove(world)

    assert "@responder を INC-1 に追加しました" in await add(world)
    await world.expect_message(thread, contains="➕ @responder")
    assert RESPONDER in await members(world, thread)
    assert TITLE in (await world.command("incident show", by="responder", number=1)).text
    await world.settle()
    await world.fault(route="DELETE /channels/*/thread-members/*", status=403, code=50013, times=1)
    said = await remove(world)
    assert "Discord がスレッドから外せません" in said
    await world.expect_message(thread, contains="➖ @responder")
    await world.expect_message(thread, contains="⚠️ @responder をこのスレッドから外せず")
    await expect_unknown_to(world, "responder")
    again = await remove(world)
    assert "スレッドにいれば外します" in again
    assert await members(world, thread) == set(PEOPLE.values())
    await expect_hidden(world)


async def test_who_stays_and_who_goes_by_themselves(world: World) -> None:
    """People with a role or on call cannot be removed; a named person can leave alone."""
    thread = await named(world)
    by_role = await remove(world, user="admin")
    assert "すべての非公開インシデントを見られます" in by_role
    await world.human.change("member", user="secondary", roles=["responder"])
    for on_call in (await remove(world, user="secondary"), await remove(world, by="secondary", user=None)):
        assert "@secondary は当番で、INC-1 の通知を受けます" in on_call
    other = await remove(world, by="responder", user="primary")
    assert "ロールが必要です" in other
    itself = await remove(world, by="responder", user=None)
    assert "INC-1 から外れました" in itself
    await world.expect_message(thread, contains="➖ @responder は INC-1 から外れました")
    assert await members(world, thread) == set(PEOPLE.values())
    await expect_unknown_to(world, "responder")
    public = await world.command("incident private", by="observer", number=1, remove=True)
    assert "そのインシデントはありません" in public.text


async def test_a_removal_that_discord_has_not_heard_of_is_made_though_the_bot_is_killed(world: World) -> None:
    """Discord refuses the request, and the bot is killed: the next one takes the person out."""
    thread = await named(world)
    await world.settle()
    await world.fault(route=MEMBERSHIP, status=503, times=None)
    assert "から外しました" in await remove(world)
    assert RESPONDER in await members(world, thread)
    await world.kill_bot()
    await world.human.clear_faults()
    await world.start_bot()
    await world.shift(minutes=10)
    await world.expect_message(thread, contains="➖ @responder")
    await world.settle()
    assert await members(world, thread) == set(PEOPLE.values())
    await expect_unknown_to(world, "responder")
