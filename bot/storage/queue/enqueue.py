"""Putting jobs into PgQueuer's queue, taking them back, and the state of the queue.

PgQueuer refuses a second job with a `dedupe_key` that is queued or running. Skipping it would lose
work: the running one has perhaps read the state already that the caller is about to change, and a
queued one may start before the caller commits, or too late. So a key that is there already is
*asked again*: a running job runs once more when it has finished (`runner.py` sees to that), a
queued one does not start before the commit; with `sooner` no later than it was asked for now. A
handler may enqueue its own key for the same reason.

The process's runner reports the state, and code that must not wait for the queue asks.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from bot.domain.jobs import Job
from bot.storage.database.sql import Sql, many
from bot.storage.queue.fairness import MOST, placed, top_of

#: The key of a job's headers that says whose it is. A version that knows none of it leaves it alone.
_GUILD: Final = "guild"

# Each round means that a job ended between two statements.
_ROUNDS = 5

#: How long the queue may take to answer, seconds.
SILENT_S: Final = 1.0

#: A failed job is tried again within two seconds: it fails again, or another process has it by then, seconds.
_RECENT_S: Final = 3.0

#: For how long a decision shows that others come in their turn, seconds.
_BUSY_S: Final = 2.0


class Queue:
    """Collects a transaction's jobs: those of `add` and `take_back` go to the queue together, at the end.

    Args:
        guild_id: The guild of jobs that name none themselves.
        is_shared: Other guilds use the queue, so it must be fair to them. That costs a statement.
    """

    def __init__(self, sql: Sql, *, guild_id: int | None, is_shared: bool) -> None:
        self._sql = sql
        self._guild_id = guild_id
        self._is_shared = is_shared
        self._wanted: list[Job] = []
        self._cancelled: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._wanted or self._cancelled)

    def add(self, *jobs: Job) -> None:
        """See `bot.storage.transaction.Transaction.enqueue`."""
        self._wanted += jobs

    def take_back(self, keys: Sequence[str]) -> None:
        """Cancel queued jobs, as `cancel_jobs` does; jobs that are added afterwards stay."""
        taken = set(keys)
        self._cancelled |= taken
        self._wanted = [job for job in self._wanted if job.key not in taken]

    async def tell(self) -> None:
        """Cancel and queue the collected jobs, right before the commit."""
        if self._cancelled:
            await cancel_jobs(self._sql, sorted(self._cancelled))
        await self.put(*self._wanted)

    async def put(self, *jobs: Job) -> None:
        """Queue jobs at once. A job whose key is there already is asked for again, see the module."""
        left = [job if job.guild_id is not None else replace(job, guild_id=self._guild_id) for job in jobs]
        for _ in range(_ROUNDS):
            if not left:
                return
            priorities = await self._priorities(left) if self._is_shared else [job.priority for job in left]
            rows = [
                {
                    "priority": priority,
                    "entrypoint": job.name,
                    "payload": job.payload,
                    "after_s": job.after.total_seconds(),
                    "dedupe_key": job.key,
                    "headers": None if job.guild_id is None else {_GUILD: str(job.guild_id)},
                }
                for job, priority in zip(left, priorities, strict=True)
            ]
            made = {row["dedupe_key"] for row in await self._sql.all("put_jobs", jobs=many(rows))}
            first = {job.key: job for job in reversed(left)}  # a key that is asked for twice is put once
            there = [job for job in left if job.key not in made or job is not first[job.key]]
            if not there:
                return
            asked = await self._sql.all(
                "ask_again",
                keys=[job.key for job in there],
                delays=[job.after for job in there],
                sooner=[job.sooner for job in there],
                patience=[job.patience for job in there],
            )
            known = {row["dedupe_key"] for row in asked}
            left = [job for job in there if job.key not in known]
        raise RuntimeError(f"the job {left[0].key} comes and goes too fast")

    async def _priorities(self, jobs: Sequence[Job]) -> list[int]:
        """Return each job's priority: the more jobs its guild has in the band, the lower (`fairness.py`)."""
        bands = [(job.guild_id, top_of(job.priority)) for job in jobs]
        asked = sorted({band for band in bands if band[0] is not None})
        guilds, tops = [str(guild_id) for guild_id, _ in asked], [top for _, top in asked]
        rows = await self._sql.all("count_queued", guilds=guilds, tops=tops, limit=MOST) if asked else []
        before: dict[tuple[int | None, int], int] = dict.fromkeys(bands, 0)
        before |= {(int(row["guild"]), row["top"]): row["waiting"] for row in rows}
        places = []
        for job, band in zip(jobs, bands, strict=True):
            places.append(job.priority if job.guild_id is None else placed(job.priority, before=before[band]))
            before[band] += 1
        return places


def guild_of(headers: Mapping[str, object] | None) -> int | None:
    """Return the guild of a job from its headers; None if they name none."""
    said = (headers or {}).get(_GUILD)
    return int(said) if isinstance(said, str) and said.isdigit() else None


async def cancel_jobs(sql: Sql, keys: Sequence[str]) -> None:
    """Cancel the queued jobs with *keys*; running ones go on.

    By a statement of ours: PgQueuer's takes ids, which would be asked for first, and tells every process of
    jobs that may be running, which none of these is.
    """
    await sql.all("take_back_jobs", keys=keys)


class QueueWatch:
    """The queue of this process: a database that can be written may still refuse it its connections."""

    def __init__(self) -> None:
        self._asked_at: float | None = None
        self._decided_at = float("-inf")
        self._failing_since: float | None = None
        self._failed_at = float("-inf")

    def asked(self) -> None:
        """Note that the queue is asked for work, or for a sign that it works."""
        if self._asked_at is None:
            self._asked_at = time.monotonic()

    def answered(self) -> None:
        """Note that the queue has answered, or is not asked any more."""
        self._asked_at = None

    def decided(self) -> None:
        """Note that ladder steps are being decided just now, or have been."""
        self._decided_at = time.monotonic()

    def done(self) -> None:
        """Note that a job that sets or announces a deadline has succeeded."""
        self._failing_since = None

    def failed(self) -> None:
        """Note that such a job has failed because of the database."""
        self._failed_at = time.monotonic()
        if self._failing_since is None:
            self._failing_since = self._failed_at

    @property
    def is_stuck(self) -> bool:
        """Return True if due work must not wait for the queue: it does not answer, or no job succeeds."""
        return self.is_silent or self._is_failing

    @property
    def _is_failing(self) -> bool:
        now = time.monotonic()
        is_recent = now - self._failed_at < _RECENT_S
        return is_recent and self._failing_since is not None and now - self._failing_since > SILENT_S

    @property
    def is_silent(self) -> bool:
        """Return True if the queue was asked and has not answered for `SILENT_S`.

        While all workers are busy it is not asked: that is no silence.
        """
        return self._asked_at is not None and time.monotonic() - self._asked_at > SILENT_S

    @property
    def is_deciding(self) -> bool:
        """Return True if steps are being decided: of thousands that are due at once, some come later."""
        return time.monotonic() - self._decided_at < _BUSY_S
