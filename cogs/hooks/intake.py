"""Receiving hooks: known, verified, stored, or kept on disk while the database is away. A job reads them."""

import asyncio
import hmac
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import isfinite
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import structlog

from bot.domain.alerts.events import AlertEvent, EventOrigin, event_id
from bot.domain.delivery.delivery import priority_of
from bot.domain.errors import ConfigError, StorageUnavailable, without_message
from bot.domain.incident.incident import NewIncident
from bot.domain.jobs import Job
from bot.domain.text import storable
from bot.runbook.model import Policy
from bot.services.alerts.events import unrecorded
from bot.services.outage.emergency import Emergency
from bot.services.ports import Clock
from bot.storage.request_spool import KeptRequest
from bot.storage.store import Store
from cogs.hooks.readers import READERS
from cogs.hooks.readers.reading import HookReader
from cogs.hooks.rules import (
    HookFormat,
    HookRefused,
    HookRequest,
    HookRules,
    HookSenders,
    HookUnreadable,
    NewHook,
    in_environment,
    is_shallow,
)
from cogs.hooks.spool import HookSpool
from cogs.hooks.store import Hooks

if TYPE_CHECKING:
    from bot.settings.sources import HookKeys

log = structlog.get_logger(__name__)

#: The name of the job; its payload is "guild_id:source": what the source has sent waits to be processed.
HOOKS: Final = "hooks"

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
            stored = await Hooks(tx.sql).add(hooks)
            new = [hook for hook, is_new in zip(hooks, stored, strict=True) if is_new]
            jobs = {job.key: job for job in map(processing_job, new)}
            await tx.enqueue(*jobs.values())
        return stored

    async def _full(self) -> bool:
        """Return True if too many wait, as of a second ago."""
        now_s = time.monotonic()
        if now_s - self._looked_at_s > _LOOK_EVERY_S:
            self._looked_at_s = now_s
            was_full, waiting = self._is_full, await Hooks(self._store.sql).waiting(most=MOST_WAITING)
            self._is_full = waiting >= MOST_WAITING
            if self._is_full and not was_full:
                log.error("hooks.queue_full", waiting=waiting)
        return self._is_full


def processing_job(hook: NewHook) -> Job:
    """Return the job that processes what the source of *hook* has sent."""
    payload = f"{hook.guild_id}:{hook.source}"
    return Job(
        HOOKS,
        payload,
        f"{HOOKS}:{payload}",
        priority=hook.priority,
        sooner=True,
        guild_id=hook.guild_id,
    )


def _fail(batch: Sequence[_Held], error: StorageUnavailable) -> None:
    for held in batch:
        if not held.is_new.done():
            held.is_new.set_exception(error)


#: How many are read at a time: their bodies have a megabyte at most.
_READ_AT_ONCE: Final = 20


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
        while hooks := await asyncio.to_thread(self._spool.oldest, _READ_AT_ONCE):
            await self._store(hooks)
            async with self._keeping:
                await asyncio.to_thread(self._spool.drop, [one.name for one in hooks])
            log.info("hooks.stored_later", hooks=len(hooks), left=self._spool.count)

    async def _store(self, hooks: Sequence[KeptRequest[NewHook]]) -> None:
        """Store *hooks*; a hook that can never be stored is set aside, and holds up no other."""
        try:
            return await self._batches.store([one.value for one in hooks])
        except (StorageUnavailable, TimeoutError):
            raise
        except Exception as error:
            if len(hooks) > 1:
                for one in hooks:
                    await self._store([one])
                return None
            log.exception("hook.set_aside", source=hooks[0].value.source, exc_info=without_message(error))
            await asyncio.to_thread(self._spool.set_aside, hooks[0].name)

    async def _raise_all(self) -> None:
        """Raise the P0s of the hooks that were not looked at yet; a second time changes nothing."""
        while hooks := await asyncio.to_thread(self._spool.oldest, _READ_AT_ONCE, after=self._raised):
            self._raised = hooks[-1].name
            await asyncio.gather(*(self._raise(one.value) for one in hooks))

    async def _raise(self, hook: NewHook) -> None:
        try:
            guild = self._guilds.get(hook.guild_id)
            rules = None if guild is None else guild.policy.of(HookSenders).by_name.get(hook.source)
            if guild is None or rules is None or hook.at is None:
                return
            alerts = await asyncio.to_thread(self._readers[rules.format].parse, hook.request, rules)
            raising = []
            for nth, event in enumerate(alerts):
                if not isinstance(event, AlertEvent):
                    continue
                origin = EventOrigin(hook.guild_id, event_id(hook.at, 0), hook.at, nth)
                if (new := await unrecorded(event, rules.sender, origin, guild.policy)) is not None:
                    raising.append(_page(guild.emergency, new))
            await asyncio.gather(*raising)
        except HookUnreadable:
            return  # its job says why
        except Exception as error:
            log.exception("hook.not_raised", source=hook.source, exc_info=without_message(error))


async def _page(emergency: Emergency, new: NewIncident) -> None:
    if emergency.pages_for(new):
        await emergency.raise_for_monitor(new)


_ASK_EVERY_S: Final = 60.0

#: How long the database may take to tell the time, and to store a hook, before it is kept on disk, seconds.
_TIME_S: Final = 0.2
_STORED_S: Final = 0.4

#: Before the id of a hook whose source gives it none.
_OWN_ID: Final = "own:"

#: Characters of a source's own id of a request.
_LONGEST_ID: Final = 200
_NO_SECRET: Final = ("",)


class HookResult(StrEnum):
    """What became of one request to the hook address."""

    ACCEPTED = "accepted"
    KEPT = "kept"  # on disk, until the database takes it
    REPEATED = "repeated"  # the source has sent it before
    UNKNOWN = "unknown"  # no such source, or not its secret
    UNVERIFIED = "unverified"  # the source has not sent it
    NESTED = "nested"  # deeper than any monitor's
    UNREADABLE = "unreadable"  # and its source expects to be told
    FULL = "full"  # too many wait


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is answered to a request.

    Attributes:
        answer: The JSON that the source expects; None: any will do.
        reason: Why it was refused.
    """

    result: HookResult
    answer: bytes | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HookSource:
    """A source that may send: its table of a policy, and its secrets.

    Attributes:
        priority: Of the jobs that process what it has sent.
    """

    guild_id: int
    rules: HookRules
    keys: "HookKeys"
    reader: HookReader
    priority: int = 0

    @property
    def name(self) -> str:
        """Return the policy's name for it."""
        return self.rules.sender.name


class HookIntake:
    """Receives what sources send.

    Attributes:
        counts: How many requests of each source ended how, since the process began; "" for unknown sources.
    """

    def __init__(
        self,
        sources: Mapping[str, HookSource],
        batches: HookBatches,
        clock: Clock,
        *,
        meanwhile: HooksMeanwhile | None = None,
    ) -> None:
        self._sources = dict(sources)
        self._batches = batches
        self._clock = clock
        self._meanwhile = meanwhile
        #: The database's time, with the moment of this process's clock at which it was read.
        self._read_time = (float("-inf"), datetime.min.replace(tzinfo=UTC))
        self.counts: Counter[tuple[str, str]] = Counter()

    @property
    def sources(self) -> list[str]:
        """Return the names of the sources that may send hooks."""
        return sorted(self._sources)

    def find(self, name: str, secret: str) -> HookSource | None:
        """Return the source if it exists and this is its secret.

        It takes the same time whichever of the two is wrong.
        """
        source = self._sources.get(name)
        given, known = (
            secret.encode("utf-8", "replace"),
            _NO_SECRET if source is None else source.keys.secrets,
        )
        matches = [hmac.compare_digest(given, one.encode()) for one in known]
        if source is None or not any(matches):
            self.count("", HookResult.UNKNOWN)
            return None
        return source

    async def receive(self, source: HookSource, request: HookRequest) -> Receipt:
        """Verify and store a request of *source*.

        Raises:
            StorageUnavailable: the sender is to come again.
        """
        receipt = await self._receive(source, request)
        self.count(source.name, receipt.result)
        return receipt

    async def _receive(self, source: HookSource, request: HookRequest) -> Receipt:
        if not is_shallow(request.body):
            return _refuse(source, HookResult.NESTED, reason="nested")
        try:
            if source.keys.signing:
                source.reader.verify(request, source.keys.signing, now=await self._now())
            answer = source.reader.answer(request, source.rules)
        except HookRefused as refused:
            return _refuse(source, HookResult.UNVERIFIED, reason=refused.reason)
        except HookUnreadable as unreadable:
            return _refuse(source, HookResult.UNREADABLE, reason=unreadable.reason)
        # aiohttp passes on bytes that are no UTF-8 as lone surrogates, which PostgreSQL refuses.
        named = source.reader.stored_headers
        headers = {name: storable(request.headers[name]) for name in named if name in request.headers}
        own_id = source.reader.delivery_id(request)
        hook = NewHook(
            guild_id=source.guild_id,
            source=source.name,
            delivery_id=None if own_id is None else storable(own_id)[:_LONGEST_ID],
            request=HookRequest(headers, request.body),
            priority=source.priority,
        )
        try:
            result = await self._stored_or_kept(hook)
        except QueueFull:
            return Receipt(HookResult.FULL)
        return Receipt(result, answer)

    async def _stored_or_kept(self, hook: NewHook) -> HookResult:
        """Store a hook; keep it on disk if the database does not take it in time.

        A commit whose answer is lost may have stored it: then it is known by its delivery id.
        """
        meanwhile = self._meanwhile
        if meanwhile is None:
            return await self._put(hook)
        if hook.delivery_id is None:
            hook = replace(hook, delivery_id=f"{_OWN_ID}{uuid4().hex}")
        if not meanwhile.is_needed:
            with suppress(StorageUnavailable, TimeoutError):
                async with asyncio.timeout(_STORED_S):
                    return await self._put(hook)
        await meanwhile.keep(replace(hook, at=await self._now()))
        return HookResult.KEPT

    async def _put(self, hook: NewHook) -> HookResult:
        return HookResult.ACCEPTED if await self._batches.put(hook) else HookResult.REPEATED

    async def _now(self) -> datetime:
        """Return the database's time, asked for once a minute: a signature is good for minutes.

        While the database is away it goes on by itself; before it was ever heard, it is this machine's.
        """
        now_s, (read_s, read_at) = time.monotonic(), self._read_time
        if now_s - read_s > _ASK_EVERY_S:
            guess = read_at + timedelta(seconds=now_s - read_s) if isfinite(read_s) else datetime.now(UTC)
            read_s, read_at = self._read_time = now_s, await self._database_time(guess)
        return read_at + timedelta(seconds=now_s - read_s)

    async def _database_time(self, guess: datetime) -> datetime:
        """Return the database's time; *guess* if hooks are kept on disk while it does not answer."""
        if self._meanwhile is None:
            return await self._clock.now()
        if not self._meanwhile.is_needed:
            with suppress(StorageUnavailable, TimeoutError):
                async with asyncio.timeout(_TIME_S):
                    return await self._clock.now()
        return guess

    def count(self, source: str, result: str) -> None:
        """Count a request of *source* that ended as *result*, for the metrics."""
        self.counts[source, result] += 1


def _refuse(source: HookSource, result: HookResult, *, reason: str) -> Receipt:
    log.warning("hook.refused", source=source.name, reason=reason)
    return Receipt(result, reason=reason)


def hook_sources(keys: "Mapping[str, HookKeys]", policies: Mapping[int, Policy]) -> dict[str, HookSource]:
    """Return the sources that may send, by name.

    A table without a secret is no source. A secret without a table is logged.

    Args:
        keys: By the source's name in the environment.
        policies: By guild.

    Raises:
        ConfigError: two guilds name the same source, only one of which could have its alerts; or a source
            could never prove itself by its signing key.
    """
    sources: dict[str, HookSource] = {}
    for guild_id, policy in policies.items():
        for name, rules in policy.of(HookSenders).by_name.items():
            secrets = keys.get(in_environment(name))
            if secrets is None or rules.format not in READERS:
                continue
            if name in sources:
                servers = f"{sources[name].guild_id} and {guild_id}"
                raise ConfigError(
                    f"hooks.{name}: is in the policies of two servers, {servers}; allowed: one of them,"
                    " the other under a name of its own with its own secret"
                )
            if not all(map(READERS[rules.format].is_key, secrets.signing)):
                raise ConfigError(
                    f"HOOKS_{in_environment(name)}_SIGNING_KEY: is no key of {rules.format};"
                    " allowed: whsec_ and base64"
                )
            rank = policy.rules(rules.sender.severity).rank
            sources[name] = HookSource(guild_id, rules, secrets, READERS[rules.format], priority_of(rank))
    for name in sorted(unknown_sources(keys, policies)):
        log.warning("hooks.source_unknown", key=f"HOOKS_{name}_SECRET")
    return sources


def unknown_sources(keys: "Mapping[str, HookKeys]", policies: Mapping[int, Policy]) -> set[str]:
    """Return the names in the environment for which no policy has a table."""
    return set(keys) - {
        in_environment(name) for policy in policies.values() for name in policy.of(HookSenders).by_name
    }
