"""Rounds of live checks about an incident: begun by itself or by a person, run once, shown in its thread.

Nothing of a round is in the transaction that opens an incident: the first one begins once the thread has its
card. A job that dies is run again: checks only read. Only the first to finish a round writes its entry.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, cast

import structlog

from bot.domain.delivery.delivery import Delivery, Posted
from bot.domain.errors import DeliveryRefused, UpstreamUnavailable, UserError
from bot.domain.incident.incident import Incident
from bot.domain.jobs import Job
from bot.domain.people import Person
from bot.domain.privacy import SETTLED, exposed
from bot.domain.systems import worst_first
from bot.domain.timeline.entries import TimelineEntry
from bot.runbook.model import Policy
from bot.services.core import Core
from bot.services.delivery.handling import DeliveryHandler
from bot.services.ports import Discord
from bot.services.ports.systems import LiveCheck
from bot.services.shared.access import Access, Act
from bot.services.shared.postings import thread_line
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryRows, DeliveryWrites
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineWrites
from bot.storage.transaction import Transaction
from cogs.checks.rules import PAUSE, CheckDelivery, CheckedEntry, CheckRound, CheckRules, ChecksShown
from cogs.checks.store import CheckStore
from cogs.checks.systems import DlqFailures, LiveChecks, NoChecks, OpenChecks, results_in_steps

#: The queue's job that runs a round; its payload is the incident's number.
LIVE_CHECK: Final = "live_check"

log = structlog.get_logger(__name__)


class CheckRounds:
    """Begins rounds of checks.

    Args:
        checks: Of this guild.
        always: The checks that every guild has.
    """

    def __init__(
        self,
        store: Store,
        policy: Policy,
        access: Access,
        *,
        checks: LiveChecks,
        always: Sequence[LiveCheck] = (),
    ) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self._checks = checks
        self._always = tuple(always)

    async def begin(self, tx: Transaction, incident: Incident) -> None:
        """Begin the first round of an open incident by itself, if the policy asks for it."""
        is_asked = incident.severity in self._policy.of(CheckRules).severities and self._checks.is_configured
        if is_asked and incident.is_open and await CheckStore(tx.sql).last(incident) is None:
            await self._ask(tx, incident, by=None, target=None, anew=True)

    async def ask(self, incident: Incident, *, by: Person, target: str | None = None) -> Incident:
        """Begin a round in a new message at the thread's end.

        Raises:
            NotPermitted, IncidentNotFound: as for every change. UserError: the last round began just now.
        """
        return await self._asked(incident, by=by, target=target, anew=True)

    async def again(self, incident_id: int, *, by: Person) -> Incident:
        """Begin a round in the message of the one before. Raises as `ask`."""
        incident = await IncidentRows(self._store.sql).incident(incident_id)
        return await self._asked(incident, by=by, target=None, anew=False)

    async def permit(self, *, by: Person, guild_id: int) -> None:
        """Let *by* look at the systems without an incident. Raises NotPermitted."""
        act = Act.CHECK_SYSTEMS
        await self._access.require(by, act.permission, guild_id=guild_id, act=act)

    async def checks_of(self, targets: Sequence[str]) -> list[LiveCheck]:
        """Return the checks of an incident of *targets*.

        The first time it imports their modules, which takes half a second: in a thread, so that no P0 waits.
        """
        return [*await asyncio.to_thread(self._checks.of, targets), *self._always]

    def beginning(self, checks: Sequence[LiveCheck], *, asked_by: str | None = None) -> ChecksShown:
        """Return what the message shows before the first result."""
        unconfigured = tuple(self._checks.unconfigured)
        return ChecksShown(systems=len(checks), unconfigured=unconfigured, asked_by=asked_by)

    async def _asked(self, incident: Incident, *, by: Person, target: str | None, anew: bool) -> Incident:
        async with self._access.locked(incident, by=by, act=Act.CHECK_SYSTEMS) as (tx, locked):
            if not await self._ask(tx, locked, by=by, target=target, anew=anew):
                raise UserError("check_too_soon", seconds=round(PAUSE.total_seconds()))
        return locked

    async def _ask(
        self, tx: Transaction, incident: Incident, *, by: Person | None, target: str | None, anew: bool
    ) -> bool:
        begun = await CheckStore(tx.sql).ask(incident, by=by, target=target, anew=anew, pause=PAUSE)
        if begun is None:
            return False
        if anew:
            stored = ChecksShown(asked_by=begun.asked_by).to_json()
            line = thread_line(incident, self._policy, key=begun.post_key, stored=stored)
            await DeliveryWrites(tx.sql).insert_deliveries([replace(line, kind=CheckDelivery.POST)])
        await tx.enqueue(check_job(incident.id))
        log.info("check.begun", incident_id=incident.id, round=begun.round)
        return True


def check_job(incident_id: int) -> Job:
    """Return the job that runs a round, or shows the one that has ended."""
    return Job(LIVE_CHECK, str(incident_id), f"live_check:{incident_id}", sooner=True)


def shown_in(post: Delivery, shown: ChecksShown) -> Delivery:
    """Return the message with what it shows now."""
    return replace(post, data=shown.to_json())


#: Seconds that an edit on the way may take; the last one may take its time.
_EDIT_S: Final = 1.5


class CheckRuns:
    """Handler of the queue's job about rounds; may run twice without harm."""

    def __init__(self, store: Store, discord: Discord, rounds: CheckRounds) -> None:
        self._store = store
        self._discord = discord
        self._rounds = rounds

    async def run_job(self, incident_id: int) -> None:
        """Run the round that has begun, or show the results of a round that has ended.

        Raises:
            UpstreamUnavailable: Discord did not take the last edit; the queue tries again.
        """
        incident = await IncidentRows(self._store.sql).incident(incident_id)
        begun = await CheckStore(self._store.sql).last(incident)
        if begun is None:
            return
        if begun.finished_at is None:
            begun = await self._run(incident, begun)
        if begun is not None:
            shown = replace(
                self._rounds.beginning((), asked_by=begun.asked_by),
                results=tuple(worst_first(begun.results)),
                systems=len(begun.results),
                finished_at=begun.finished_at,
            )
            try:
                await self._show(incident.id, begun, shown)
            except DeliveryRefused as refused:  # the message is deleted, or the thread is locked
                log.info("check.edit_refused", incident_id=incident.id, code=refused.code)

    async def _run(self, incident: Incident, begun: CheckRound) -> CheckRound | None:
        """Look at every system; return the round with its results, None if another one has begun."""
        checks = await self._rounds.checks_of(
            tuple(incident.targets) if begun.target is None else (begun.target,)
        )
        shown = self._rounds.beginning(checks, asked_by=begun.asked_by)
        async for results in results_in_steps(checks):
            shown = shown.with_results(results)
            if len(shown.results) < shown.systems:
                try:  # the next edit has the same and more
                    async with asyncio.timeout(_EDIT_S):
                        await self._show(incident.id, begun, shown)
                except (TimeoutError, UpstreamUnavailable, DeliveryRefused):
                    log.info("check.edit_skipped", incident_id=incident.id)
        async with self._store.transaction(locking=incident.id) as tx:
            ended = await CheckStore(tx.sql).finish(begun, shown.results)
            if ended is None:
                return None
            entry = CheckedEntry(results=shown.results)
            asked_by = None
            if begun.asked_by_id is not None:
                asked_by = Person(id=begun.asked_by_id, name=begun.asked_by or "?")
            await TimelineWrites(tx.sql).add_timeline(
                incident.id, TimelineEntry.of(entry, await tx.now(), by=asked_by)
            )
        states = [each.state.value for each in ended.results]
        log.info("check.finished", incident_id=incident.id, round=ended.round, states=states)
        return ended

    async def _show(self, incident_id: int, begun: CheckRound, shown: ChecksShown) -> None:
        """Edit the message, unless others could read a private incident there."""
        incident, post = await self._readable(incident_id, begun)
        if post is None:
            return  # once it is posted, its handler asks for this
        await self._discord.redraw(shown_in(post, shown), incident)
        hidden, left = await self._readable(incident_id, begun)
        if left is None:  # it was made private, and perhaps emptied, while this edit was under way
            await self._discord.redact(hidden, [post])

    async def _readable(self, incident_id: int, begun: CheckRound) -> tuple[Incident, Delivery | None]:
        """Return the incident as it is now, and its message if that may show something."""
        incident = await IncidentRows(self._store.sql).incident(incident_id)
        post = await DeliveryRows(self._store.sql).delivery_by_key(f"inc:{incident_id}:{begun.post_key}")
        if post is None or post.message_id is None or post.shown_version >= SETTLED:
            return incident, None
        if incident.is_private:
            posts = await DeliveryRows(self._store.sql).posts(incident_id)
            if post.id in {each.id for each in exposed(posts)}:
                return incident, None
        return incident, post


class CheckDeliveries(DeliveryHandler):
    """Handles the message in which the results of live checks come in."""

    def __init__(self) -> None:
        super().__init__(CheckDelivery.POST)

    async def placed(
        self,
        tx: Transaction,
        incident: Incident,
        delivery: Delivery,  # noqa: ARG002 -- what the base class takes
        posted: Posted,  # noqa: ARG002
        *,
        at: datetime | None,  # noqa: ARG002
    ) -> Incident:
        """Queue an edit that shows the results found before the message existed.

        If a round runs, that happens after it.
        """
        await tx.enqueue(check_job(incident.id))
        return incident


@dataclass(frozen=True, slots=True)
class CheckUseCases:
    """The use cases of one guild."""

    rounds: CheckRounds
    runs: CheckRuns


def build(core: Core) -> CheckUseCases:
    """Put the use cases of one guild together."""
    opened = cast("OpenChecks | None", core.opened)
    rules = core.policy.of(CheckRules)
    checks = NoChecks() if opened is None else opened(rules, core.vitals)
    rounds = CheckRounds(core.store, core.policy, core.access, checks=checks, always=(DlqFailures(core.dlq),))
    return CheckUseCases(rounds, CheckRuns(core.store, core.discord, rounds))


async def run_round(checks: CheckUseCases, payload: str) -> None:
    """Run the job of a round."""
    await checks.runs.run_job(int(payload))


async def begin_first(checks: CheckUseCases, tx: Transaction, incident: Incident) -> None:
    """Begin the first round of an incident whose card is there."""
    await checks.rounds.begin(tx, incident)


def deliveries(_checks: CheckUseCases, _core: Core) -> list[DeliveryHandler]:
    """Return the handler of the message."""
    return [CheckDeliveries()]
