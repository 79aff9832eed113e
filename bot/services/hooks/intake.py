"""Receiving a hook: known, verified, stored. What it says is read later, by a job."""

import asyncio
import hmac
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import isfinite
from typing import Final
from uuid import uuid4

import structlog

from bot.domain.errors import StorageUnavailable
from bot.domain.hooks.hook import HookKeys, HookRefused, HookRequest, HookRules, HookUnreadable, NewHook
from bot.domain.hooks.nesting import is_shallow
from bot.domain.text import storable
from bot.services.hooks.batches import HookBatches, QueueFull
from bot.services.hooks.meanwhile import HooksMeanwhile
from bot.services.ports import Clock
from bot.services.ports.hooks import HookReader

log = structlog.get_logger(__name__)

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
    keys: HookKeys
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
        self._told = (float("-inf"), datetime.min.replace(tzinfo=UTC))
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
        try:
            result = await self._stored_or_kept(_stored(source, request))
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
        now_s, (asked_s, told) = time.monotonic(), self._told
        if now_s - asked_s > _ASK_EVERY_S:
            guess = told + timedelta(seconds=now_s - asked_s) if isfinite(asked_s) else datetime.now(UTC)
            asked_s, told = self._told = now_s, await self._asked_time(guess)
        return told + timedelta(seconds=now_s - asked_s)

    async def _asked_time(self, guess: datetime) -> datetime:
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


def _stored(source: HookSource, request: HookRequest) -> NewHook:
    # aiohttp passes on bytes that are no UTF-8 as lone surrogates, which PostgreSQL refuses.
    kept = {name: storable(request.headers[name]) for name in source.reader.kept if name in request.headers}
    own_id = source.reader.delivery_id(request)
    return NewHook(
        guild_id=source.guild_id,
        source=source.name,
        delivery_id=None if own_id is None else storable(own_id)[:_LONGEST_ID],
        request=HookRequest(kept, request.body),
        priority=source.priority,
    )
