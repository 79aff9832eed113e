"""Storing hooks in batches: all that wait share one commit, so a burst costs few of them."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from bot.domain.errors import StorageUnavailable, without_message
from bot.domain.hooks.hook import NewHook
from bot.services.ports import Job, JobName, Store

log = structlog.get_logger(__name__)

#: Hooks that wait to be processed, at most; beyond this the sender is asked to come again.
MOST_WAITING: Final = 10_000

#: Hooks that this process holds in memory until they are stored, at most.
MOST_HELD: Final = 500

_BATCH: Final = 50
_BATCH_BYTES: Final = 4_000_000
_WRITE_S: Final = 5.0  # the requests themselves have given up long before
_LOOK_EVERY_S: Final = 1.0


class QueueFull(Exception):  # a signal to the caller, who answers 429
    """Too many hooks wait to be processed."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A hook that waits for its commit."""

    hook: NewHook
    is_new: asyncio.Future[bool]


class HookBatches:
    """Stores hooks, each with its job, for as long as `run` runs.

    Args:
        store: Sees every guild's rows.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: list[_Held] = []
        self._is_there = asyncio.Event()
        self._looked_at_s = float("-inf")
        self._is_full = False

    async def put(self, hook: NewHook) -> bool:
        """Store *hook* and its job; return False if it was stored before.

        Cancelled before its commit has begun, it is not stored.

        Raises:
            QueueFull. StorageUnavailable: it may have been stored all the same.
        """
        if len(self._held) >= MOST_HELD:
            raise StorageUnavailable("too many hooks wait to be stored")
        if await self._full():
            raise QueueFull
        held = _Held(hook, asyncio.get_running_loop().create_future())
        self._held.append(held)
        self._is_there.set()
        return await held.is_new

    async def run(self) -> None:
        """Store the hooks that `put` leaves, in batches, until cancelled."""
        while True:
            await self._is_there.wait()
            batch = [held for held in self._take() if not held.is_new.done()]
            if batch:
                await self._store_batch(batch)

    async def store(self, hooks: Sequence[NewHook]) -> None:
        """Store hooks that were kept meanwhile, in their order; a second time changes nothing.

        Raises:
            StorageUnavailable, TimeoutError: perhaps they are not stored.
        """
        async with asyncio.timeout(_WRITE_S):
            await self._write(hooks)

    def _take(self) -> Sequence[_Held]:
        size, taken = 0, 0
        for held in self._held[:_BATCH]:
            size, taken = size + len(held.hook.request.body), taken + 1
            if size > _BATCH_BYTES:
                break
        batch, self._held = self._held[:taken], self._held[taken:]
        if not self._held:
            self._is_there.clear()
        return batch

    async def _store_batch(self, batch: Sequence[_Held]) -> None:
        try:
            async with asyncio.timeout(_WRITE_S):
                stored = await self._write([held.hook for held in batch])
        except (StorageUnavailable, TimeoutError) as error:
            _fail(batch, StorageUnavailable(str(error) or "the database does not answer"))
        except Exception as error:  # the next batch may be fine
            log.exception("hooks.not_stored", hooks=len(batch), exc_info=without_message(error))
            _fail(batch, StorageUnavailable("the hooks could not be stored"))
        else:
            for held, is_new in zip(batch, stored, strict=True):
                if not held.is_new.done():
                    held.is_new.set_result(is_new)

    async def _write(self, hooks: Sequence[NewHook]) -> list[bool]:
        async with self._store.transaction() as tx:
            stored = await tx.add_hooks(hooks)
            new = [hook for hook, is_new in zip(hooks, stored, strict=True) if is_new]
            jobs = {job.key: job for job in map(processing_job, new)}
            await tx.enqueue(*jobs.values())
        return stored

    async def _full(self) -> bool:
        """Return True if too many wait, as of a second ago."""
        now_s = time.monotonic()
        if now_s - self._looked_at_s > _LOOK_EVERY_S:
            self._looked_at_s = now_s
            was_full, waiting = self._is_full, await self._store.waiting_hooks(most=MOST_WAITING)
            self._is_full = waiting >= MOST_WAITING
            if self._is_full and not was_full:
                log.error("hooks.queue_full", waiting=waiting)
        return self._is_full


def processing_job(hook: NewHook) -> Job:
    """Return the job that processes what the source of *hook* has sent."""
    payload = f"{hook.guild_id}:{hook.source}"
    return Job(
        JobName.HOOKS,
        payload,
        f"hooks:{payload}",
        priority=hook.priority,
        sooner=True,
        guild_id=hook.guild_id,
    )


def _fail(batch: Sequence[_Held], error: StorageUnavailable) -> None:
    for held in batch:
        if not held.is_new.done():
            held.is_new.set_exception(error)
