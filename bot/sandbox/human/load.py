"""Load: many messages in one go, to see how a client keeps up."""

import asyncio
import time

from bot.sandbox.drafts import Request, read_draft
from bot.sandbox.human.desk import Ask, BadRequest
from bot.sandbox.kinds import JSON
from bot.sandbox.payloads import user_payload
from bot.sandbox.posting import Origin, publish

_STEP_S = 0.005  # sleeping for less than this would cost more than it paces
_AT_ONCE = 20  # and unpaced sending lets the sockets have their turn this often
_MOST = 1_000_000


async def burst(ask: Ask) -> JSON:
    """POST burst {user, channel, count, content?, per_s?}: a person says *count* messages.

    *per_s* paces them; without it they come as fast as they can be made. The answer comes after the last
    one: how long it took, and the CPU seconds that the sandbox spent meanwhile.
    """
    user, channel = ask.user(), ask.channel()
    count, per_s = _pace(ask)
    body: JSON = {"content": ask.words("content", "burst")}
    author = user_payload(user)
    began_s, cpu_s = time.monotonic(), time.process_time()
    for made in range(count):
        draft = read_draft(ask.core, Request(body, [], channel, user.id))
        publish(ask.core, channel, draft, Origin(author))
        if made % _AT_ONCE == 0:
            await asyncio.sleep(0)
        ahead_s = made / per_s - (time.monotonic() - began_s) if per_s else 0.0
        if ahead_s > _STEP_S:
            await asyncio.sleep(ahead_s)
    elapsed_s, spent_s = time.monotonic() - began_s, time.process_time() - cpu_s
    return {"count": count, "elapsed_s": round(elapsed_s, 4), "cpu_s": round(spent_s, 4)}


def _pace(ask: Ask) -> tuple[int, float]:
    """How many messages, and how many a second (0: as fast as they can be made)."""
    count = ask.whole("count")
    if not 0 < count <= _MOST:
        raise BadRequest(f"count is from 1 to {_MOST}")
    return count, ask.number("per_s", 0.0)
