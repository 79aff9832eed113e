"""Waiting for something to be so, by many at once."""

import asyncio

import pytest

from local_discord.gateway.hub import Hub


async def test_one_look_after_any_number_of_changes_and_nobody_is_woken_for_nothing() -> None:
    """A hundred who wait cost the bot's answers nothing."""
    hub, looks = Hub(), list[int]()

    def look() -> bool | None:
        looks.append(1)
        return len(looks) == 3 or None

    waiting = asyncio.create_task(hub.until(look, 5.0))
    await asyncio.sleep(0)
    for _ in range(10):
        hub.beat()
    assert len(looks) == 1, "not before the change is complete"
    await asyncio.sleep(0)
    assert len(looks) == 2
    hub.beat()
    assert await waiting is True
    assert len(looks) == 3


async def test_what_does_not_come_is_waited_for_in_vain_and_nobody_looks_any_more() -> None:
    """Time runs out without any event, too: the last look is taken then."""
    hub, looks = Hub(), list[int]()

    def look() -> bool | None:
        looks.append(1)
        return None

    assert await hub.until(look, 0.0) is None
    before = len(looks)
    hub.beat()
    await asyncio.sleep(0)
    assert len(looks) == before


async def test_a_look_that_fails_fails_where_it_is_waited_for() -> None:
    """A check that raises an error fails only for the one who waits for it; the others go on waiting."""
    hub, looks = Hub(), list[int]()

    def look() -> bool | None:
        looks.append(1)
        if len(looks) > 1:
            raise LookupError
        return None

    failing = asyncio.create_task(hub.until(look, 5.0))
    other = asyncio.create_task(hub.until(lambda: len(looks) > 1 or None, 5.0))
    await asyncio.sleep(0)
    hub.beat()
    with pytest.raises(LookupError):
        await failing
    hub.beat()
    assert await other is True
