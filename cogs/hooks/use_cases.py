"""Processing hooks: what they say becomes tracked alerts. What never arrived is fetched from its source."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

import structlog

from bot.domain.alerts.decisions import AlertDecision
from bot.domain.alerts.events import AlertEvent, EventOrigin, event_id
from bot.domain.delivery.delivery import Delivery, NewDelivery, priority_of
from bot.domain.errors import CodeHostRefused, UnavailableError, UpstreamUnavailable, without_message
from bot.domain.systems import RecentChange
from bot.runbook.model import Policy
from bot.services.alerts.events import AlertEvents
from bot.services.core import Core
from bot.storage.store import Store
from bot.storage.tables.alerts import AlertDecisionRows
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.installation import ReportedChanges
from bot.ui.posts.bodies import Body, Renderers, alone, message
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording
from cogs.hooks.deliveries import github_records
from cogs.hooks.intake import processing_job
from cogs.hooks.readers import READERS
from cogs.hooks.readers.reading import HookReader
from cogs.hooks.rules import (
    HookAttempt,
    HookDeliveryKind,
    HookFormat,
    HookRequest,
    HookRules,
    HookSenders,
    HookUnreadable,
    HookUnreadData,
    NewHook,
    ProcessedHook,
    StoredHook,
    UnreadAlert,
    missed,
    unread_among,
)
from cogs.hooks.store import Hooks

if TYPE_CHECKING:
    from bot.capability import Serving
    from bot.services.registry import Services
    from bot.settings import Settings


log = structlog.get_logger(__name__)

#: How long one run of the job may take, seconds; it comes again for the rest, be it in the middle of a hook.
_AT_A_TIME_S: Final = 1.0
_READ: Final = 20

#: How often people are told of a source whose requests cannot be read, at most.
_NOTE_EVERY: Final = timedelta(hours=6)

#: Bytes of a body from which a thread reads it: the event loop has other work.
_LARGE: Final = 16_384

#: How many thousands of old hooks are deleted at a time, at most.
_MOST_FORGOTTEN: Final = 50

_Alerts: TypeAlias = tuple[AlertEvent | UnreadAlert, ...]
_Content: TypeAlias = tuple[_Alerts, tuple[RecentChange, ...]]


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
        self._sources = policy.of(HookSenders).by_name
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
        while hooks := await Hooks(self._store.sql).next(self._guild_id, source, limit=_READ):
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
                await Hooks(self._store.sql).finish(done)

    async def _process(self, source: str, hook: StoredHook, *, until_s: float) -> ProcessedHook:
        rules = self._sources.get(source)
        if rules is None:
            return _given_up(source, hook, f"the policy has no [hooks.{source}]")
        try:
            alerts, changes = await self._read(rules, hook)
        except HookUnreadable as error:
            await self._decide(rules, hook, problem=error.reason)
            return _given_up(source, hook, error.reason)
        if changes:
            said_id = self._origin(hook).id
            await ReportedChanges(self._store.sql).note(self._guild_id, changes, said_id=said_id)
        return await self._receive(rules, hook, alerts, until_s=until_s)

    async def _read(self, rules: HookRules, hook: StoredHook) -> _Content:
        """Return what the hook says; of a later part no deployments, which the first one has stored."""

        def read() -> _Content:
            alerts = reader.parse(hook.request, rules)
            is_first = hook.next_event == 0
            return alerts, reader.changes(hook.request, rules, at=hook.at) if is_first else ()

        reader = self._readers[rules.format]
        try:
            return read() if len(hook.request.body) < _LARGE else await asyncio.to_thread(read)
        except HookUnreadable:
            raise
        except Exception as error:
            log.exception(
                "hook.reader_failed",
                source=rules.sender.name,
                hook_id=hook.id,
                exc_info=without_message(error),
            )
            raise HookUnreadable(f"its reader has failed: {type(error).__name__}") from error

    async def _receive(
        self, rules: HookRules, hook: StoredHook, alerts: _Alerts, *, until_s: float
    ) -> ProcessedHook:
        """Receive each event from where the last part has ended, at least one, until it is time to stop."""
        problem = hook.problem
        if problem is None and (unread := unread_among(alerts)) is not None:
            # The alerts that cannot be read are listed in `/alerts recent` together.
            problem = unread.reason
            log.warning("hook.alerts_unread", source=rules.sender.name, hook_id=hook.id, reason=problem)
            await self._decide(rules, hook, nth=unread.first, problem=problem)
        for nth, event in enumerate(alerts[hook.next_event :], hook.next_event):
            if nth > hook.next_event and time.monotonic() > until_s:
                return ProcessedHook(hook.id, nth, problem, is_done=False)
            if isinstance(event, AlertEvent):
                problem = await self._receive_one(rules, hook, nth, event) or problem
        readable = sum(isinstance(event, AlertEvent) for event in alerts)
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
            log.exception(
                "hook.event_failed",
                source=rules.sender.name,
                hook_id=hook.id,
                nth=nth,
                exc_info=without_message(error),
            )
            problem = f"event {nth} has failed: {type(error).__name__}"
            await self._decide(rules, hook, nth=nth, problem=problem)
            return problem
        return None

    async def _decide(self, rules: HookRules, hook: StoredHook, *, nth: int = 0, problem: str) -> None:
        """List in `/alerts recent` the hook, or its event *nth*, that could not be processed, and why.

        People are told where its alert would have been posted, once for each `_NOTE_EVERY`.
        """
        sender = rules.sender
        decision = AlertDecision.on_hook(sender, self._origin(hook, nth), problem=problem)
        severity = self._policy.rules(sender.severity, team=sender.team)
        period = (hook.at - datetime.min.replace(tzinfo=UTC)) // _NOTE_EVERY
        note = NewDelivery(
            kind=HookDeliveryKind.HOOK_UNREAD,
            to=f"channel:{sender.channel or severity.channel}",
            key=f"hook_unread:{self._guild_id}:{sender.name}:{period}",
            guild_id=self._guild_id,
            data=HookUnreadData(label=sender.label, source=sender.name, problem=problem).to_json(),
            priority=priority_of(severity.rank),
        )
        async with self._store.transaction() as tx:
            await AlertDecisionRows(tx.sql).decide(decision)
            await DeliveryWrites(tx.sql).insert_deliveries([note])

    def _origin(self, hook: StoredHook, nth: int = 0) -> EventOrigin:
        return EventOrigin(self._guild_id, event_id(hook.at, hook.id), hook.at, nth)


def _given_up(source: str, hook: StoredHook, problem: str) -> ProcessedHook:
    log.warning("hook.not_processed", source=source, hook_id=hook.id, reason=problem)
    return ProcessedHook(hook.id, 0, problem)


#: How far back a look goes. GitHub keeps a delivery for three days.
_BACK: Final = timedelta(days=3)

#: Requests that one look fetches of a source; the next look fetches the rest.
_MOST: Final = 50


class HookDeliveries(Protocol):
    """A source's own record of what it has tried to send.

    Every method raises UpstreamUnavailable if the source is away, and CodeHostRefused if it refuses.
    """

    async def attempts(self, since: datetime) -> list[HookAttempt]:
        """Return the attempts at *since* or later to send what may be about an alert, in any order."""

    async def request_of(self, attempt: HookAttempt) -> HookRequest:
        """Return the request that the source tried to send, with the headers that its reader keeps."""


class MissedHooks:
    """Fetches what the sources of one guild could not deliver.

    Args:
        records: Of the sources that keep one, by name.
    """

    def __init__(
        self, store: Store, policy: Policy, records: Mapping[str, HookDeliveries], *, guild_id: int
    ) -> None:
        self._store = store
        self._policy = policy
        self._sources = policy.of(HookSenders).by_name
        self._records = records
        self._guild_id = guild_id

    async def catch_up(self) -> None:
        """Store what never arrived, each request once, as of the time when it was first sent.

        A source that does not answer is left for the next look; the others are not held up.
        """
        for source, record in self._records.items():
            try:
                await self._catch_up(source, record)
            except (UpstreamUnavailable, CodeHostRefused) as error:
                log.warning("hooks.record_unavailable", source=source, reason=error.reason)

    async def _catch_up(self, source: str, record: HookDeliveries) -> None:
        attempts = await record.attempts(await self._store.now() - _BACK)
        ids = {attempt.delivery_id for attempt in attempts if not attempt.has_arrived}
        if not ids:
            return
        known = await Hooks(self._store.sql).known(self._guild_id, source, sorted(ids))
        for attempt in missed(attempts, known=known)[:_MOST]:
            request = await record.request_of(attempt)
            rank = self._policy.rules(self._sources[source].sender.severity).rank
            hook = NewHook(
                self._guild_id, source, attempt.delivery_id, request, priority_of(rank), attempt.at
            )
            async with self._store.transaction() as tx:
                await Hooks(tx.sql).add([hook])
                await tx.enqueue(processing_job(hook))
            log.info("hook.fetched", source=source, delivery_id=attempt.delivery_id)


@dataclass(frozen=True, slots=True)
class HookUseCases:
    """The use cases of one guild."""

    store: Store
    processing: HookProcessing
    missed: MissedHooks


def build(core: Core) -> HookUseCases:
    """Put the use cases of one guild together."""
    store, policy, guild_id = core.store, core.policy, core.guild_id
    usual = None if core.code_host is None else core.code_host.repository
    records = github_records(core.github, policy, usual=usual)
    return HookUseCases(
        store,
        HookProcessing(store, policy, core.alert_events, READERS, guild_id=guild_id),
        MissedHooks(store, policy, records, guild_id=guild_id),
    )


async def process(hooks: HookUseCases, payload: str) -> timedelta | None:
    """Run the job that processes what a source has sent; the payload is "guild_id:source"."""
    return await hooks.processing.process(payload.partition(":")[2])


async def catch_up(hooks: HookUseCases) -> None:
    """Store what never arrived."""
    await hooks.missed.catch_up()


async def tidy(hooks: HookUseCases) -> None:
    """Delete what is too old to be of use."""
    for _ in range(_MOST_FORGOTTEN):
        if await Hooks(hooks.store.sql).forget() == 0:
            break  # otherwise more may be left, from a storm two weeks ago


def serve(settings: "Settings", store: Store, guilds: "Mapping[int, Services]") -> "Serving":
    """Receive the hooks of every guild."""
    from cogs.hooks.site import receiving  # noqa: PLC0415 -- see `Capability.routes`

    return receiving(settings, store, guilds)


_LABEL_LIMIT: Final = 160
_PROBLEM_LIMIT: Final = 300


def unread(words: Wording, delivery: Delivery) -> Body:
    """Compose the notice that what a source has sent could not be read, so that no alert came of it."""
    data = HookUnreadData.from_json(delivery.data)
    label = inert(data.label, limit=_LABEL_LIMIT)
    problem = inert(data.problem, limit=_PROBLEM_LIMIT)
    line = words.say("tracked.hook_unread", label=label, source=data.source, problem=problem)
    return message(line)


RENDERERS: Final[Renderers] = {HookDeliveryKind.HOOK_UNREAD: alone(unread)}
