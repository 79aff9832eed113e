"""Load: many messages or reactions in one go, to see how a client keeps up."""

import asyncio
import time
from collections.abc import Callable

from local_discord.human.desk import Ask, BadRequest
from local_discord.messages.drafts import Request, read_draft
from local_discord.messages.posting import Origin, publish
from local_discord.messages.reacting import react, unreact
from local_discord.world.kinds import JSON
from local_discord.world.payloads import user_payload
from local_discord.world.world import Channel

_STEP_S = 0.005  # sleeping for less than this would cost more than it paces
_AT_ONCE = 20  # and unpaced sending lets the sockets have their turn this often
_MOST = 1_000_000


async def burst(ask: Ask) -> JSON:
    """POST burst {user, channel, count, content?, per_s?}: a person says *count* messages.

    *per_s* paces them; without it they come as fast as they can be made. The answer comes after the last
    one: how long it took, and the CPU seconds that the local Discord spent meanwhile.
    """
    user, channel = ask.user(), ask.channel()
    body: JSON = {"content": ask.words("content", "burst")}
    author = user_payload(user)
    return await _run(*_pace(ask), lambda _: _say(ask, channel, body, user.id, author))


async def reactions(ask: Ask) -> JSON:
    """POST reactions {channel, emoji, count, per_s?}: all people react to all messages there, over and over.

    Each of *count* changes adds a person's reaction, or removes it if it is there. Paced and answered as
    `burst`.
    """
    channel, emoji = ask.channel(), ask.words("emoji")
    messages = [*ask.core.world.messages[channel.id].values()]
    people = [user.id for user in ask.core.world.users.values() if not user.bot]
    if not messages:
        raise BadRequest(f"nothing stands in {channel.name}")

    def change(number: int) -> None:
        message = messages[number % len(messages)]
        user_id = people[number // len(messages) % len(people)]
        is_there = user_id in message.reactions.get(emoji, ())
        (unreact if is_there else react)(ask.core, message, user_id, emoji)

    return await _run(*_pace(ask), change)


def _say(ask: Ask, channel: Channel, body: JSON, user_id: str, author: JSON) -> None:
    draft = read_draft(ask.core, Request(body, [], channel, user_id))
    publish(ask.core, channel, draft, Origin(author))


async def _run(count: int, per_s: float, do: Callable[[int], None]) -> JSON:
    began_s, cpu_s = time.monotonic(), time.process_time()
    for made in range(count):
        do(made)
        if made % _AT_ONCE == 0:
            await asyncio.sleep(0)
        ahead_s = made / per_s - (time.monotonic() - began_s) if per_s else 0.0
        if ahead_s > _STEP_S:
            await asyncio.sleep(ahead_s)
    elapsed_s, spent_s = time.monotonic() - began_s, time.process_time() - cpu_s
    return {"count": count, "elapsed_s": round(elapsed_s, 4), "cpu_s": round(spent_s, 4)}


def _pace(ask: Ask) -> tuple[int, float]:
    """Return how many messages to make, and how many a second (0: as fast as possible)."""
    count = ask.whole("count")
    if not 0 < count <= _MOST:
        raise BadRequest(f"count is from 1 to {_MOST}")
    return count, ask.number("per_s", 0.0)
