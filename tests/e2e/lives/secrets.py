"""Check that nothing of a private incident is posted in public, and that posts of drills are marked."""

from collections.abc import AsyncIterator
from typing import Any

from bot.domain.privacy import SETTLED
from local_discord.client import Message
from tests.e2e.world.world import World

_PRIVATE_THREAD = 12  # Discord: the type of a channel
_NAME_CHANGE = 4  # Discord: the type of its note of a rename
_MARK = "life-"

#: What a line says of an old thread's earlier names.
_TOLD_NAMES = """
SELECT data ->> 'names' AS names FROM deliveries
 WHERE data ->> 'notice' = 'thread_left' AND data ->> 'thread' = $1
   AND status IN ('pending', 'sending', 'sent')
"""

#: Old threads whose names wait for a limit. What waits for less than half a minute is left as it is; with a
#: longer wait the thread sleeps, and a line says so.
_NAMES_THAT_WAIT = """
SELECT message_id, execute_after > now() + interval '30 s' AS is_long,
       EXISTS (SELECT FROM deliveries AS line
                WHERE line.incident_id = thread.incident_id AND line.status IN ('pending', 'sending', 'sent')
                  AND line.data ->> 'notice' = 'name_waits'
                  AND line.data ->> 'thread' = thread.message_id::text) AS is_told
  FROM deliveries AS thread JOIN pgqueuer ON dedupe_key = 'refresh:' || incident_id
 WHERE kind = 'thread' AND shown_version < $1 AND execute_after > now()
"""


async def check(world: World) -> None:
    """In every channel, in every public thread, and in their names."""
    rows = await world.rows("SELECT title, thread_id FROM incidents WHERE is_private ORDER BY id")
    titles = [row["title"] for row in rows if row["title"].startswith(_MARK)]
    waiting = {str(row["message_id"]): row for row in await world.rows(_NAMES_THAT_WAIT, SETTLED)}
    for place in await _public(world):
        name = place["name"]
        if [title for title in titles if title in name]:
            assert place["id"] in waiting, name
            _check_waiting(place, waiting[place["id"]])
        async for message in _read(world, place["id"]):
            if not [title for title in titles if title in message.text]:
                continue
            assert message.raw["type"] == _NAME_CHANGE, (name, message.text)
            if place["id"] not in waiting:
                await _check_told(world, place, message.text)
    await _check_marks(world)


async def _check_told(world: World, thread: dict[str, Any], earlier: str) -> None:
    """Check that a thread with an undeletable note of its former name is closed, and a line says so."""
    state = thread["thread_metadata"]
    assert (state["archived"], state["locked"]) == (True, True), thread
    lines = await world.rows(_TOLD_NAMES, thread["id"])
    assert [line for line in lines if earlier in line["names"]], (thread["name"], earlier)


def _check_waiting(thread: dict[str, Any], row: Any) -> None:
    """Check that a thread that keeps its former name for long is closed, and that a line says so."""
    if row["is_long"]:
        state = thread["thread_metadata"]
        assert (state["archived"], state["locked"], row["is_told"]) == (True, True, True), thread


async def _check_marks(world: World) -> None:
    """Each post of a drill begins with its mark."""
    drills = await world.rows("SELECT * FROM incidents WHERE is_drill AND alert_message_id IS NOT NULL")
    for drill in drills:
        posts = [post async for post in _read(world, str(drill["alert_channel_id"]))]
        alert = [post.text for post in posts if post.id == str(drill["alert_message_id"])]
        assert [text for text in alert if "【訓練】" not in text] == []


async def _public(world: World) -> list[dict[str, Any]]:
    state = await world.human.state()
    places = [*state["channels"], *(one for one in state["threads"] if one["type"] != _PRIVATE_THREAD)]
    return [one for one in places if not one["name"].startswith("dm:")]


async def _read(world: World, place: str) -> AsyncIterator[Message]:
    for message in await world.human.messages(place):
        if not message.is_private:  # what only one person sees
            yield message
