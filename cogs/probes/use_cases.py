"""Asks the targets of a guild, each at its time, tracks an alert for what changes, and shows their states.

What is known about a probe is a row. An event is written to that row with the state that it follows from,
and removed once it is tracked, so a process that dies in between leaves it to the next one. The event has the
same origin then, by which it is tracked once.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol, cast

import structlog

from bot.domain.alerts.events import AlertEvent, EventOrigin, event_id
from bot.domain.alerts.recognition import Says
from bot.domain.errors import OutboundProblem, UnavailableError
from bot.domain.people import Person
from bot.domain.systems import CheckResult, Fact, SystemKind, SystemState
from bot.i18n import Texts
from bot.runbook.model import Policy
from bot.services.alerts.events import AlertEvents
from bot.services.core import Core
from bot.services.shared.access import Access, Act
from bot.storage.store import Store
from cogs.probes.posts import ProbeTitles
from cogs.probes.rules import (
    PROBER,
    ProbeCounts,
    ProbeEvent,
    ProbeOutcome,
    ProbeRules,
    Probes,
    ProbeShown,
    ProbesShown,
    ProbeState,
    ProbeStatus,
    cuts_off,
    is_reached,
    outcome_of,
    sender,
)
from cogs.probes.store import ProbeStates

log = structlog.get_logger(__name__)

if TYPE_CHECKING:
    from bot.configured import Outbound
    from bot.integrations.outbound.http import OutboundHttp
    from bot.settings import Settings


class Prober(Protocol):
    """Asks targets by HTTP."""

    async def ask(self, rules: ProbeRules, /) -> CheckResult:
        """Return what one request finds; it takes no longer than the timeout of the rules."""


@dataclass(frozen=True, slots=True)
class HttpProber:
    """A `Prober`, whose client is imported by the first request."""

    outbound: "Outbound"

    async def ask(self, rules: ProbeRules) -> CheckResult:
        """Send one request; a target that does not answer within its timeout has failed."""
        http = await asyncio.to_thread(self._client)
        from bot.integrations.systems.http_probe import HttpProbe  # noqa: PLC0415

        return await HttpProbe(http, rules.target, rules.http, try_s=rules.timeout.total_seconds()).ask()

    def _client(self) -> "OutboundHttp":
        """Return the client. The first call imports what asks, which takes a while: in a thread."""
        import bot.integrations.systems.http_probe  # noqa: F401, PLC0415

        return self.outbound()


def open_prober(_settings: "Settings", outbound: "Outbound") -> HttpProber:
    """Return what asks the targets."""
    return HttpProber(outbound)


#: Requests that begin with one look, so that many that are due at once do not go out at once.
_AT_ONCE: Final = 15

#: Requests under way at a time. A target that hangs holds one of them until its timeout.
_MOST: Final = 100

#: What every healthy target does at first: that is no news.
_BEGINS: Final = (ProbeState.NEW, ProbeState.UP)

#: Seconds beyond its timeout after which a request is given up that does not end by itself.
_GRACE_S: Final = 1.0


class Probing:
    """Probes the targets of one guild. Only one process does so at a time."""

    def __init__(
        self,
        store: Store,
        policy: Policy,
        events: AlertEvents,
        *,
        prober: Prober,
        titles: ProbeTitles,
        guild_id: int,
    ) -> None:
        self._store = store
        self._states = ProbeStates(store.sql, guild_id)
        self._policy = policy
        self._events = events
        self._prober = prober
        self._titles = titles
        self._guild_id = guild_id
        self._running: set[asyncio.Task[None]] = set()
        self._recording = asyncio.Lock()
        self._has_begun = False

    @property
    def _rules(self) -> Mapping[str, ProbeRules]:
        return self._policy.of(Probes).by_name

    async def tick(self) -> None:
        """Begin the requests that are due; they go on after this returns.

        Raises:
            StorageUnavailable: nothing was begun, or what was taken is due again after its interval.
        """
        if not self._rules and self._has_begun:
            return
        if not self._has_begun:  # without probes, too: those of an earlier policy are forgotten
            await self._states.begin(list(self._rules.values()))
            self._has_begun = True
        free = min(_AT_ONCE, _MOST - len(self._running))
        if free <= 0 or not self._rules:
            return
        every = {name: one.every for name, one in self._rules.items()}
        for status in await self._states.claim(every, limit=free):
            task = asyncio.create_task(self._probe(status), name=f"probe {status.name}")
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def tidy(self) -> None:
        """Delete counts that are older than a day."""
        await self._states.forget_counts()

    async def drain(self) -> None:
        """Wait until no request is under way."""
        await asyncio.gather(*self._running)

    async def _probe(self, status: ProbeStatus) -> None:
        """Ask once and record the result. A failure is logged: the probe is due again all the same."""
        rules = self._rules[status.name]
        try:
            result = await self._ask(rules)
            async with self._recording:
                await self._record(status, rules, result)
        except UnavailableError as error:
            log.warning("probe.not_recorded", probe=rules.name, reason=str(error))
        except Exception:  # one probe must not end the others
            log.exception("probe.failed", probe=rules.name)

    async def _ask(self, rules: ProbeRules) -> CheckResult:
        try:
            async with asyncio.timeout(rules.timeout.total_seconds() + _GRACE_S):
                return await self._prober.ask(rules)
        except TimeoutError:
            return CheckResult(
                system=SystemKind.HTTP,
                name=rules.target,
                state=SystemState.DOWN,
                fact=Fact.PROBLEM,
                values={"problem": OutboundProblem.TIMEOUT},
            )

    async def _record(self, status: ProbeStatus, rules: ProbeRules, result: CheckResult) -> None:
        status = await self._track(status)  # what a process before this one has left
        seen = status.after(result, await self._store.now())
        is_cut_off = (
            seen.state is not ProbeState.DOWN and seen.is_failing(rules) and await self._cuts_off(seen)
        )
        if is_cut_off or is_reached(result):
            prober = await self._states.prober()
            after = prober.as_prober(await self._store.now(), is_cut_off=is_cut_off)
            if after != prober:
                async with self._store.transaction() as tx:
                    await ProbeStates(tx.sql, self._guild_id).save(after)
                if is_cut_off:
                    log.warning("prober.cut_off")
                else:
                    log.info("prober.connected")
            await self._track(after)
        changed = await self._save(seen, rules, result, is_cut_off=is_cut_off)
        if changed is not None:
            await self._track(changed)

    async def _save(
        self, seen: ProbeStatus, rules: ProbeRules, result: CheckResult, *, is_cut_off: bool
    ) -> ProbeStatus | None:
        """Store the result with what follows from it; None if another process has asked meanwhile."""
        outcome = outcome_of(result)
        async with self._store.transaction() as tx:
            now = await tx.now()
            settled = seen.settled(rules, now, is_cut_off=is_cut_off)
            if not await ProbeStates(tx.sql, self._guild_id).save(settled):
                return None
            if outcome is not ProbeOutcome.UNKNOWN:
                await ProbeStates(tx.sql, self._guild_id).count(rules.name, outcome, at=now)
        if settled.state is not seen.state and (seen.state, settled.state) != _BEGINS:
            log.info("probe.changed", probe=rules.name, state=settled.state, fact=result.fact)
        return settled

    async def _cuts_off(self, failing: ProbeStatus) -> bool:
        known = await self._states.all()
        others = [
            (one, self._rules[one.name])
            for one in known
            if one.name in self._rules and one.name != failing.name
        ]
        return cuts_off(failing, self._rules[failing.name], others)

    async def _track(self, status: ProbeStatus) -> ProbeStatus:
        """Track the event of a row, if it has one, and return the row without it."""
        if status.event is None or status.event_at is None:
            return status
        event, severity = self._alert(status, status.event)
        by = sender(severity, self._rules.get(status.name))
        origin = EventOrigin(self._guild_id, event_id(status.event_at, status.number), status.event_at)
        await self._events.receive_event(event, by, origin)
        received = status.received()
        async with self._store.at_once() as tx:
            await ProbeStates(tx.sql, self._guild_id).save(received)
        return received

    def _alert(self, status: ProbeStatus, happened: ProbeEvent) -> tuple[AlertEvent, str]:
        """Return the alert's event, and the name of its severity."""
        says = Says.RESOLVED if happened is ProbeEvent.OVER else Says.FIRING
        began = status.failing_since if happened is ProbeEvent.DOWN else None
        rules = self._rules.get(status.name)
        if rules is None:
            title = self._titles.of_prober(happened)
            names = {probe.severity for probe in self._rules.values()}
            severest = min(names, key=lambda name: self._policy.rules(name).rank)
            return AlertEvent(says, "prober", title, text=title), severest
        title = self._titles.of(rules, happened, status.result)
        event = AlertEvent(
            says, f"probe:{rules.name}", title, target=rules.target, text=title, started_at=began
        )
        if status.result is not None:
            event = replace(event, url=status.result.url)
        severity = rules.degraded if happened is ProbeEvent.DEGRADED else rules.severity
        return event, severity or rules.severity


_ORDER = (ProbeState.DOWN, ProbeState.CUT_OFF, ProbeState.DEGRADED, ProbeState.NEW, ProbeState.UP)


class ProbeQueries:
    """Reads the probes of one guild."""

    def __init__(self, store: Store, policy: Policy, access: Access) -> None:
        self._store = store
        self._policy = policy
        self._access = access

    async def show(self, guild_id: int, *, by: Person) -> ProbesShown:
        """Return every probe of the policy to a person.

        Raises:
            NotPermitted: *by* may not look at the systems.
        """
        act = Act.CHECK_SYSTEMS
        await self._access.require(by, act.permission, guild_id=guild_id, act=act)
        return await self.states(guild_id)

    async def states(self, guild_id: int) -> ProbesShown:
        """Return every probe of the policy."""
        probes, states = self._policy.of(Probes).by_name, ProbeStates(self._store.sql, guild_id)
        if not probes:
            return ProbesShown()
        known = {one.name: one for one in await states.all()}
        counts = await states.counts()
        shown = [
            ProbeShown(rules, known.get(name), counts.get(name, ProbeCounts()))
            for name, rules in probes.items()
        ]
        prober = known.get(PROBER)
        return ProbesShown(
            tuple(sorted(shown, key=lambda one: _ORDER.index(one.state))),
            is_cut_off=prober is not None and prober.state is ProbeState.CUT_OFF,
        )


@dataclass(frozen=True, slots=True)
class ProbeUseCases:
    """The use cases of one guild."""

    probing: Probing
    queries: ProbeQueries


def build(core: Core) -> ProbeUseCases:
    """Put the use cases of one guild together."""
    return ProbeUseCases(
        probing=Probing(
            core.store,
            core.policy,
            core.alert_events,
            prober=cast("Prober", core.opened),
            titles=ProbeTitles(Texts.load(), core.policy),
            guild_id=core.guild_id,
        ),
        queries=ProbeQueries(core.store, core.policy, core.access),
    )


async def look(probes: ProbeUseCases) -> None:
    """Begin the requests that are due."""
    await probes.probing.tick()


async def tidy(probes: ProbeUseCases) -> None:
    """Delete counts that are too old to be of use."""
    await probes.probing.tidy()
