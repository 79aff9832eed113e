"""Nothing of a private incident stands where others read; a drill says everywhere that it is one."""

from collections.abc import AsyncIterator

from bot.demo.screen import Message
from tests.e2e.world import World

_PRIVATE_THREAD = 12  # Discord: the type of a channel
_MARK = "life-"

#: Old threads whose names wait for a limit; until then they sleep, and a line says so.
_NAMES_THAT_WAIT = """
SELECT message_id FROM deliveries JOIN pgqueuer ON dedupe_key = 'redact:' || incident_id
 WHERE kind = 'thread' AND execute_after > now()
"""


async def check(world: World) -> None:
    """In every channel, in every public thread, and in their names."""
    rows = await world.rows("SELECT title, thread_id FROM incidents WHERE is_private ORDER BY id")
    titles = [row["title"] for row in rows if row["title"].startswith(_MARK)]
    waiting = {str(row["message_id"]) for row in await world.rows(_NAMES_THAT_WAIT)}
    for place, name in await _public(world):
        if place not in waiting:
            assert not [title for title in titles if title in name], name
        async for message in _read(world, place):
            assert not [title for title in titles if title in message.text], (name, message.text)
    await _check_marks(world)


async def _check_marks(world: World) -> None:
    """Each post of a drill begins with its mark."""
    drills = await world.rows("SELECT * FROM incidents WHERE is_drill AND alert_message_id IS NOT NULL")
    for drill in drills:
        posts = [post async for post in _read(world, str(drill["alert_channel_id"]))]
        alert = [post.text for post in posts if post.id == str(drill["alert_message_id"])]
        assert [text for text in alert if "【訓練】" not in text] == []


async def _public(world: World) -> list[tuple[str, str]]:
    state = await world.human.state()
    places = [*state["channels"], *(one for one in state["threads"] if one["type"] != _PRIVATE_THREAD)]
    return [(one["id"], one["name"]) for one in places if not one["name"].startswith("dm:")]


async def _read(world: World, place: str) -> AsyncIterator[Message]:
    for message in await world.human.messages(place):
        if not message.is_private:  # what only one person sees
            yield message
