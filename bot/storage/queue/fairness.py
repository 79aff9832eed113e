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
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, TypeAlias

from bot.domain.jobs import current

#: Does the work of a job, given its payload; a span means: run again after it. May run twice for one job,
#: and a handler that enqueues its own key is run once more after it has returned.
Handler: TypeAlias = Callable[[str], Awaitable[timedelta | None]]

#: Priorities of one severity: its own and nine below it.
BAND: Final = 10

#: How long a job that is beyond its guild's share waits for its turn, seconds: another guild's waits no
#: longer than this for a free worker.
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
    """Shares the workers of one process among the guilds that have something to do.

    Args:
        hands: How many jobs of all guilds may run at once, when each has its share. The process has some
            more, for those that wait for their turn.
    """

    def __init__(self, hands: int) -> None:
        self._hands = hands
        self._running: Counter[int] = Counter()
        self._waiting: Counter[int] = Counter()
        self._changed = asyncio.Condition()

    def shared(self, guild_id: int, handlers: Mapping[str, Handler]) -> dict[str, Handler]:
        """Return the handlers of a guild, each of which waits for its turn."""
        return {name: self._in_turn(guild_id, handler) for name, handler in handlers.items()}

    def _in_turn(self, guild_id: int, handler: Handler) -> Handler:
        async def run(payload: str) -> timedelta | None:
            if not await self._take(guild_id):
                return timedelta()  # back into the queue, where it was
            try:
                return await handler(payload)
            finally:
                async with self._changed:
                    self._running[guild_id] -= 1
                    self._changed.notify_all()

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

    def _share(self) -> int:
        busy = {one for counts in (self._running, self._waiting) for one, count in counts.items() if count}
        return max(self._hands // max(len(busy), 1), 1)


#: When a job comes again that found no place: in a line, so much for each that is ahead, up to the longest.
CROWDED: Final = timedelta(seconds=1)
NEXT: Final = timedelta(seconds=0.25)  # for the first in the line
_LONGEST: Final = timedelta(seconds=5)

#: After how long a place in the line is given up whose job does not come again, seconds.
_GIVEN_UP_S: Final = 10.0


@dataclass(frozen=True, slots=True, order=True)
class _Place:
    """A place in a line; a lower one has its turn sooner.

    Attributes:
        severity: The negative priority of its band.
        parts: How often the job has run and had more to do.
        since_s: When it came first.
        seen_s: When it came last.
    """

    severity: int
    parts: int
    since_s: float
    seen_s: float = field(compare=False)


class FewInTurn:
    """Lets a few jobs of a kind run at a time in this process; the others come again, and keep their turn.

    A queue's workers are few, and what people are paged by must not wait for any of these jobs. Severities
    come first. Within one, a job that has much to do, part by part, goes behind those with little.

    Args:
        most: How many may run at a time, at least 1.
        clock: Seconds that only grow.
    """

    def __init__(self, most: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._left = most
        self._clock = clock
        self._line: dict[str, _Place] = {}
        self._parts: Counter[str] = Counter()

    def handler(self, handle: Handler) -> Handler:
        """Return *handle* for the queue; the line knows its jobs by their payloads."""

        async def run(payload: str) -> timedelta | None:
            ahead = self._ahead_of(payload)
            if ahead >= self._left:
                return NEXT if ahead == 0 else min(ahead * CROWDED, _LONGEST)
            del self._line[payload]
            self._left -= 1
            try:
                again = await handle(payload)
            finally:
                self._left += 1
            if again is None:
                self._parts.pop(payload, None)
            else:
                self._parts[payload] += 1
            return again

        return run

    def _ahead_of(self, payload: str) -> int:
        """Return how many are before *payload* in the line, where it has a place from now on."""
        now_s = self._clock()
        self._line = {name: place for name, place in self._line.items() if now_s - place.seen_s < _GIVEN_UP_S}
        known = self._line.get(payload)
        since_s = now_s if known is None else known.since_s
        mine = _Place(-top_of(current()), self._parts[payload], since_s, now_s)
        self._line[payload] = mine
        return sum(place < mine for place in self._line.values())
