"""Hooks that come while the database is away: kept on disk, their P0s raised, stored afterwards in order."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog

from bot.domain.alerts.events import AlertEvent, EventOrigin, event_id
from bot.domain.errors import StorageUnavailable, without_message
from bot.domain.hooks.hook import HookFormat, HookUnreadable, NewHook
from bot.domain.incident.opening import NewIncident
from bot.runbook.model import Policy
from bot.services.alerts.events import unrecorded
from bot.services.hooks.batches import HookBatches
from bot.services.outage.emergency import Emergency
from bot.services.ports.hooks import HookReader, HookSpool, KeptHook

log = structlog.get_logger(__name__)

#: Hooks on disk, and bytes of them, at most; beyond this the sender is asked to come again.
MOST_KEPT: Final = 10_000
MOST_BYTES: Final = 100_000_000

#: How many are read at a time: their bodies have a megabyte at most.
_BATCH: Final = 20

_LOOK_EVERY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class HookGuild:
    """What is known of a guild without the database."""

    policy: Policy
    emergency: Emergency


class HooksMeanwhile:
    """Keeps what the database cannot take now, for as long as `run` runs.

    Args:
        spool: On disk, so that a restart loses nothing that was answered.
    """

    def __init__(
        self,
        spool: HookSpool,
        batches: HookBatches,
        guilds: Mapping[int, HookGuild],
        readers: Mapping[HookFormat, HookReader],
    ) -> None:
        self._spool = spool
        self._batches = batches
        self._guilds = guilds
        self._readers = readers
        self._raised = ""
        self._is_there = asyncio.Event()
        self._keeping = asyncio.Lock()

    @property
    def is_needed(self) -> bool:
        """Return True while a hook must be kept: the database is away, or earlier ones are still here."""
        return self._is_away or self._spool.count > 0

    @property
    def _is_away(self) -> bool:
        return any(guild.emergency.trouble is not None for guild in self._guilds.values())

    async def keep(self, hook: NewHook) -> None:
        """Keep *hook* on disk, behind the earlier ones.

        Raises:
            StorageUnavailable: the disk does not take it, or too many are there.
        """
        async with self._keeping:
            try:
                await asyncio.to_thread(self._spool.keep, hook)
            except OSError as error:
                log.error("hooks.not_kept", error=type(error).__name__)  # noqa: TRY400 -- the disk's fault
                raise StorageUnavailable("the hook could not be kept") from error
        self._is_there.set()

    async def run(self) -> None:
        """Raise the P0s among the kept hooks, and store all once the database is back, until cancelled."""
        while True:
            try:
                if self._spool.count > 0:
                    await (self._raise_all() if self._is_away else self._store_all())
            except (StorageUnavailable, TimeoutError, OSError) as error:
                log.warning("hooks.not_stored_yet", kept=self._spool.count, error=type(error).__name__)
            except Exception as error:
                log.exception("hooks.not_stored", exc_info=without_message(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY_S):
                    await self._is_there.wait()
            self._is_there.clear()

    async def _store_all(self) -> None:
        """Store the kept hooks, the oldest first, after what was raised from them is recorded."""
        for guild in self._guilds.values():
            if not await guild.emergency.is_recorded():
                return
        while kept := await asyncio.to_thread(self._spool.oldest, _BATCH):
            await self._store(kept)
            await self._drop([one.name for one in kept])
            log.info("hooks.stored_later", hooks=len(kept), left=self._spool.count)

    async def _store(self, kept: Sequence[KeptHook]) -> None:
        """Store *kept*; a hook that can never be stored is set aside, and holds up no other."""
        try:
            return await self._batches.store([one.hook for one in kept])
        except (StorageUnavailable, TimeoutError):
            raise
        except Exception as error:
            if len(kept) > 1:
                for one in kept:
                    await self._store([one])
                return None
            log.exception("hook.set_aside", source=kept[0].hook.source, exc_info=without_message(error))
            await asyncio.to_thread(self._spool.set_aside, kept[0].name)

    async def _drop(self, names: Collection[str]) -> None:
        async with self._keeping:
            await asyncio.to_thread(self._spool.drop, names)

    async def _raise_all(self) -> None:
        """Raise the P0s of the hooks that were not looked at yet; a second time changes nothing."""
        while kept := await asyncio.to_thread(self._spool.oldest, _BATCH, after=self._raised):
            self._raised = kept[-1].name
            await asyncio.gather(*(self._raise(one.hook) for one in kept))

    async def _raise(self, hook: NewHook) -> None:
        try:
            await self._raise_events(hook)
        except HookUnreadable:
            return  # its job says why
        except Exception as error:
            log.exception("hook.not_raised", source=hook.source, exc_info=without_message(error))

    async def _raise_events(self, hook: NewHook) -> None:
        guild = self._guilds.get(hook.guild_id)
        rules = None if guild is None else guild.policy.hooks.get(hook.source)
        if guild is None or rules is None or hook.at is None:
            return
        said = await asyncio.to_thread(self._readers[rules.format].parse, hook.request, rules)
        raising = []
        for nth, event in enumerate(said):
            if not isinstance(event, AlertEvent):
                continue
            origin = EventOrigin(hook.guild_id, event_id(hook.at, 0), hook.at, nth)
            if (new := await unrecorded(event, rules.sender, origin, guild.policy)) is not None:
                raising.append(_page(guild.emergency, new))
        await asyncio.gather(*raising)


async def _page(emergency: Emergency, new: NewIncident) -> None:
    if emergency.pages_for(new):
        await emergency.raise_for_monitor(new)
