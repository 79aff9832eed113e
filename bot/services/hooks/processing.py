"""Processing hooks: what they say becomes tracked alerts. A job per source takes one after the other."""

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import structlog

from bot.domain.alerts.decisions import AlertDecision
from bot.domain.alerts.events import AlertEvent, EventOrigin, event_id
from bot.domain.errors import UnavailableError
from bot.domain.hooks.hook import HookFormat, HookRules, HookUnreadable, ProcessedHook, StoredHook
from bot.runbook.model import Policy
from bot.services.alerts.events import AlertEvents
from bot.services.ports import Store
from bot.services.ports.hooks import HookReader

log = structlog.get_logger(__name__)

#: How long one run of the job may take, seconds; it comes again for the rest.
_AT_A_TIME_S: Final = 5.0
_READ: Final = 20


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

        A hook that cannot be read is kept with the reason, and not tried again.

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
                done.append(await self._process(source, hook))
                if time.monotonic() > until_s:
                    break
        finally:
            if done:
                await self._store.finish_hooks(done)

    async def _process(self, source: str, hook: StoredHook) -> ProcessedHook:
        rules = self._policy.hooks.get(source)
        if rules is None:
            return _given_up(source, hook, f"the policy has no [hooks.{source}]")
        try:
            events = self._read(rules, hook)
        except HookUnreadable as error:
            await self._decide(rules, hook, problem=error.reason)
            return _given_up(source, hook, error.reason)
        problem = await self._receive(rules, hook, events)
        return ProcessedHook(hook.id, len(events), problem)

    def _read(self, rules: HookRules, hook: StoredHook) -> tuple[AlertEvent, ...]:
        try:
            return self._readers[rules.format].parse(hook.request, rules)
        except HookUnreadable:
            raise
        except Exception as error:
            log.exception("hook.reader_failed", source=rules.sender.name, hook_id=hook.id)
            raise HookUnreadable(f"its reader has failed: {type(error).__name__}") from error

    async def _receive(
        self, rules: HookRules, hook: StoredHook, events: tuple[AlertEvent, ...]
    ) -> str | None:
        """Receive each event; return what went wrong with one, if anything. The others are received."""
        problem = None
        for nth, event in enumerate(events):
            try:
                await self._events.receive_event(event, rules.sender, self._origin(hook, nth))
            except UnavailableError:
                raise
            except Exception as error:  # one event must not hold up those behind it
                log.exception("hook.event_failed", source=rules.sender.name, hook_id=hook.id, nth=nth)
                problem = f"event {nth} has failed: {type(error).__name__}"
                await self._decide(rules, hook, nth=nth, problem=problem)
        return problem

    async def _decide(self, rules: HookRules, hook: StoredHook, *, nth: int = 0, problem: str) -> None:
        """List in `/alerts recent` what the hook has said in vain."""
        decision = AlertDecision.on_hook(rules.sender, self._origin(hook, nth), problem=problem)
        async with self._store.at_once() as tx:
            await tx.decide(decision)

    def _origin(self, hook: StoredHook, nth: int = 0) -> EventOrigin:
        return EventOrigin(self._guild_id, event_id(hook.at, hook.id), hook.at, nth)


def _given_up(source: str, hook: StoredHook, problem: str) -> ProcessedHook:
    log.warning("hook.not_processed", source=source, hook_id=hook.id, reason=problem)
    return ProcessedHook(hook.id, 0, problem)
