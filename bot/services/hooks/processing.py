"""Processing hooks: what they say becomes tracked alerts. A job per source takes one after the other."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

import structlog

from bot.domain.alerts.decisions import AlertDecision
from bot.domain.alerts.events import AlertEvent, EventOrigin, event_id
from bot.domain.alerts.payloads import HookUnreadData
from bot.domain.changes import RecentChange
from bot.domain.delivery.delivery import NewDelivery, priority_of
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import UnavailableError, without_message
from bot.domain.hooks.hook import (
    HookFormat,
    HookRules,
    HookUnreadable,
    ProcessedHook,
    StoredHook,
    UnreadAlert,
    unread_among,
)
from bot.runbook.model import Policy
from bot.services.alerts.events import AlertEvents
from bot.services.ports import Store
from bot.services.ports.hooks import HookReader

log = structlog.get_logger(__name__)

#: How long one run of the job may take, seconds; it comes again for the rest, be it in the middle of a hook.
_AT_A_TIME_S: Final = 1.0
_READ: Final = 20

#: How often people are told of a source whose requests cannot be read, at most.
_TOLD_AGAIN: Final = timedelta(hours=6)

#: Bytes of a body from which a thread reads it: the event loop has other work.
_LARGE: Final = 16_384

_Said: TypeAlias = tuple[AlertEvent | UnreadAlert, ...]
_Content: TypeAlias = tuple[_Said, tuple[RecentChange, ...]]


class HookProcessing:
    """Processes the hooks of one guild."""

    def __init__(
        self,
        store: Store,
        policy: Policy,
        events: AlertEvents,
        readers: Mapping[HookFormat, HookReader],
        *,
        guild_id: int,
    ) -> None:
        self._store = store
        self._policy = policy
        self._events = events
        self._readers = readers
        self._guild_id = guild_id

    async def process(self, source: str) -> timedelta | None:
        """Process what *source* has sent, in order. Handler of the queue's hooks job.

        A hook that cannot be read is kept with the reason, and not tried again. Neither is an alert of a hook
        that cannot be read; the others of the same hook are tracked.

        Returns:
            When to go on, if there is more; None if all is done.

        Raises:
            StorageUnavailable: the queue tries again; events that were received before change nothing.
        """
        until_s = time.monotonic() + _AT_A_TIME_S
        while hooks := await self._store.next_hooks(self._guild_id, source, limit=_READ):
            await self._process_some(source, hooks, until_s=until_s)
            if time.monotonic() > until_s:
                return timedelta()
        return None

    async def _process_some(self, source: str, hooks: Sequence[StoredHook], *, until_s: float) -> None:
        """Process hooks until it is time to stop; they are ticked off together, in one commit."""
        done: list[ProcessedHook] = []
        try:
            for hook in hooks:
                done.append(await self._process(source, hook, until_s=until_s))
                if time.monotonic() > until_s:
                    break
        finally:
            if done:
                await self._store.finish_hooks(done)

    async def _process(self, source: str, hook: StoredHook, *, until_s: float) -> ProcessedHook:
        rules = self._policy.hooks.get(source)
        if rules is None:
            return _given_up(source, hook, f"the policy has no [hooks.{source}]")
        try:
            said, changes = await self._read(rules, hook)
        except HookUnreadable as error:
            await self._decide(rules, hook, problem=error.reason)
            return _given_up(source, hook, error.reason)
        if changes:
            said_id = self._origin(hook).id
            await self._store.note_changes(self._guild_id, changes, said_id=said_id)
        return await self._receive(rules, hook, said, until_s=until_s)

    async def _read(self, rules: HookRules, hook: StoredHook) -> _Content:
        """Return what the hook says; of a later part no deployments, which the first one has stored."""

        def read() -> _Content:
            said = reader.parse(hook.request, rules)
            is_first = hook.next_event == 0
            return said, reader.changes(hook.request, rules, at=hook.at) if is_first else ()

        reader = self._readers[rules.format]
        try:
            return read() if len(hook.request.body) < _LARGE else await asyncio.to_thread(read)
        except HookUnreadable:
            raise
        except Exception as error:
            told = {"source": rules.sender.name, "hook_id": hook.id}
            log.exception("hook.reader_failed", **told, exc_info=without_message(error))
            raise HookUnreadable(f"its reader has failed: {type(error).__name__}") from error

    async def _receive(
        self, rules: HookRules, hook: StoredHook, said: _Said, *, until_s: float
    ) -> ProcessedHook:
        """Receive each event from where the last part has ended, at least one, until it is time to stop."""
        problem = hook.problem or await self._note_unread(rules, hook, said)
        for nth, event in enumerate(said[hook.next_event :], hook.next_event):
            if nth > hook.next_event and time.monotonic() > until_s:
                return ProcessedHook(hook.id, nth, problem, is_done=False)
            if isinstance(event, AlertEvent):
                problem = await self._receive_one(rules, hook, nth, event) or problem
        readable = sum(isinstance(event, AlertEvent) for event in said)
        return ProcessedHook(hook.id, readable, problem)

    async def _receive_one(
        self, rules: HookRules, hook: StoredHook, nth: int, event: AlertEvent
    ) -> str | None:
        """Receive an event; return what went wrong, if anything: it must not hold up those behind it."""
        try:
            await self._events.receive_event(event, rules.sender, self._origin(hook, nth))
        except UnavailableError:
            raise
        except Exception as error:
            told = {"source": rules.sender.name, "hook_id": hook.id, "nth": nth}
            log.exception("hook.event_failed", **told, exc_info=without_message(error))
            problem = f"event {nth} has failed: {type(error).__name__}"
            await self._decide(rules, hook, nth=nth, problem=problem)
            return problem
        return None

    async def _note_unread(self, rules: HookRules, hook: StoredHook, said: _Said) -> str | None:
        """List the alerts that cannot be read in `/alerts recent`, together; return the reason, if any."""
        unread = unread_among(said)
        if unread is None:
            return None
        log.warning("hook.alerts_unread", source=rules.sender.name, hook_id=hook.id, reason=unread.reason)
        await self._decide(rules, hook, nth=unread.first, problem=unread.reason)
        return unread.reason

    async def _decide(self, rules: HookRules, hook: StoredHook, *, nth: int = 0, problem: str) -> None:
        """List in `/alerts recent` the hook, or its event *nth*, that could not be processed, and why.

        People are told where its alert would have been posted, once for each `_TOLD_AGAIN`.
        """
        decision = AlertDecision.on_hook(rules.sender, self._origin(hook, nth), problem=problem)
        async with self._store.transaction() as tx:
            await tx.decide(decision)
            await tx.insert_deliveries([self._note(rules, hook, problem)])

    def _note(self, rules: HookRules, hook: StoredHook, problem: str) -> NewDelivery:
        sender = rules.sender
        severity = self._policy.rules(sender.severity)
        told = HookUnreadData(label=sender.label, source=sender.name, problem=problem)
        period = (hook.at - datetime.min.replace(tzinfo=UTC)) // _TOLD_AGAIN
        return NewDelivery(
            kind=DeliveryKind.HOOK_UNREAD,
            to=f"channel:{sender.channel or severity.channel}",
            key=f"hook_unread:{self._guild_id}:{sender.name}:{period}",
            guild_id=self._guild_id,
            data=told.to_json(),
            priority=priority_of(severity.rank),
        )

    def _origin(self, hook: StoredHook, nth: int = 0) -> EventOrigin:
        return EventOrigin(self._guild_id, event_id(hook.at, hook.id), hook.at, nth)


def _given_up(source: str, hook: StoredHook, problem: str) -> ProcessedHook:
    log.warning("hook.not_processed", source=source, hook_id=hook.id, reason=problem)
    return ProcessedHook(hook.id, 0, problem)
