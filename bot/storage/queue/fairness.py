"""One queue for many guilds: one guild's storm does not hold up another guild's jobs. Why it is fair:

**Order.** A severity's jobs have a band of ten priorities. A job's level in it depends on how many of its
guild's jobs are queued there before it: none, one or two, three to six, ... (`level_of`). So at any time at
most ``2 ** (level + 1) - 1`` jobs of a guild are at *level* or above it: when the last of them was added,
they were all that the guild had. A guild with *n* jobs of its own in the band waits for at most
``2 * n + 1`` jobs of each other guild, however many those have. Severities come first: no P1 goes before a
P0. Jobs that two transactions add at the same moment do not see each other, and count as one.

**Workers.** Order alone is not enough: the first job in the queue still needs a free worker. So no guild
keeps all workers of a process busy (`Turns`). A job beyond its guild's share holds a worker for a moment at
most, then goes back into the queue.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final, TypeAlias

from bot.services.ports import JobName

#: Does the work of a job, given its payload; a span means: run again after it. May run twice for one job,
#: and a handler that enqueues its own key is run once more after it has returned.
Handler: TypeAlias = Callable[[str], Awaitable[timedelta | None]]

#: Priorities of one severity: its own and nine below it.
BAND: Final = 10

#: How long a job that is beyond its guild's share waits for its turn, seconds: another guild's waits no
#: longer than this for a free hand.
PATIENCE_S: Final = 0.25

#: From this many waiting jobs on, more make no difference.
MOST: Final = 2 ** (BAND - 1) - 1


def level_of(before: int) -> int:
    """Return how far down its band a job goes: 0 to 9.

    Args:
        before: Queued jobs of its guild in the band, >= 0.
    """
    return min((before + 1).bit_length() - 1, BAND - 1)


def top_of(priority: int) -> int:
    """Return the highest priority of the band."""
    return -(-priority // BAND) * BAND


def placed(priority: int, *, before: int) -> int:
    """Return the priority at which a job is queued; never below its band."""
    return max(priority - level_of(before), top_of(priority) - BAND + 1)


class Turns:
    """Shares the hands of one process among the guilds that have something to do.

    Args:
        hands: How many jobs of all guilds may run at once, when each has its share. The process has some
            more, for those that wait for their turn.
    """

    def __init__(self, hands: int) -> None:
        self._hands = hands
        self._running: Counter[int] = Counter()
        self._waiting: Counter[int] = Counter()
        self._changed = asyncio.Condition()

    def shared(self, guild_id: int, handlers: Mapping[JobName, Handler]) -> dict[JobName, Handler]:
        """Return the handlers of a guild, each of which waits for its turn."""
        return {name: self._in_turn(guild_id, handler) for name, handler in handlers.items()}

    def _in_turn(self, guild_id: int, handler: Handler) -> Handler:
        async def run(payload: str) -> timedelta | None:
            if not await self._take(guild_id):
                return timedelta()  # back into the queue, where it was
            try:
                return await handler(payload)
            finally:
                await self._give_back(guild_id)

        return run

    async def _take(self, guild_id: int) -> bool:
        self._waiting[guild_id] += 1
        try:
            async with asyncio.timeout(PATIENCE_S), self._changed:
                await self._changed.wait_for(lambda: self._running[guild_id] < self._share())
                self._running[guild_id] += 1
                return True
        except TimeoutError:
            return False
        finally:
            self._waiting[guild_id] -= 1

    async def _give_back(self, guild_id: int) -> None:
        async with self._changed:
            self._running[guild_id] -= 1
            self._changed.notify_all()

    def _share(self) -> int:
        busy = {one for counts in (self._running, self._waiting) for one, count in counts.items() if count}
        return max(self._hands // max(len(busy), 1), 1)
