"""Merged private incidents: a person who may not see the remaining one is neither responder nor added."""

from typing import Any

from tests.e2e.privacy.test_private import PEOPLE, TITLE, members, private_threads
from tests.e2e.world.world import World

OTHER = "漏えいの別の通報"


async def opened(world: World, title: str) -> str:
    """A private SEV1, complete; its thread."""
    before = {str(one["id"]) for one in await private_threads(world)}
    await world.command("incident declare", by="primary", title=title, severity="SEV1", private=True)

    async def look() -> str | None:
        return next(
            (str(one["id"]) for one in await private_threads(world) if str(one["id"]) not in before), None
        )

    thread = await world.human.until(look, "a private thread")
    for part in ("開始時刻", f"SEV1 · {title}", "**初動：**"):
        await world.expect_message(thread, contains=part)
    await world.expect_dm("primary", contains=title)
    return thread


async def pair(world: World) -> tuple[str, str]:
    """INC-1, which the responder is named in and on, and INC-2, which they know nothing of; their threads."""
    first, second = await opened(world, TITLE), await opened(world, OTHER)
    await world.command("incident private", by="primary", number=1, user="responder")
    await world.expect_message(first, contains="➕ @responder")
    alert = next(post for post in await world.posts(first) if f"SEV1 · {TITLE}" in post.text)
    await world.react(alert, by="responder")
    await world.expect_text(alert, "@responder が対応中")
    return first, second


async def merged(world: World, threads: tuple[str, str], *, by: str = "primary") -> None:
    """INC-1 into INC-2."""
    into: dict[str, Any] = {"number": 1, "into": 2}
    await world.command("incident merge", by=by, **into)
    for thread, other in zip(threads, ("No.2", "No.1"), strict=True):
        await world.expect_message(thread, contains=other)
    await world.settle()


async def test_nobody_is_on_what_is_hidden_from_them(world: World) -> None:
    """The remaining incident's ladder goes on; the other one's responder does not take it over."""
    threads = await pair(world)
    await merged(world, threads)
    [row] = await world.rows("SELECT status, acknowledged_by_id FROM incidents WHERE id = 2")
    assert (row["status"], row["acknowledged_by_id"]) == ("triggered", None)
    await world.fast_forward(minutes=16)
    await world.expect_message(threads[1], contains="から未対応")
    for who in PEOPLE:
        await world.expect_dm(who, contains=OTHER)
    assert await members(world, threads[1]) == set(PEOPLE.values())
    unknown = await world.command("incident show", by="responder", number=2)
    assert "そのインシデントはありません" in unknown.text
