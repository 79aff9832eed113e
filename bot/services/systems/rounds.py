"""Rounds of live checks about an incident: begun by itself or by a person, run once, shown in its thread.

Nothing of a round is in the transaction that opens an incident: the first one begins once the thread has its
card.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import structlog

from bot.domain.delivery.delivery import Delivery, NewDelivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import UserError
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.systems.rounds import PAUSE, CheckRound, ChecksShown
from bot.runbook.model import Policy
from bot.services.ports import Job, JobName, Store, Transaction
from bot.services.ports.live_checks import LiveCheck, LiveChecks
from bot.services.shared.access import Access, Act
from bot.services.shared.postings import thread_line

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
        is_asked = incident.severity in self._policy.checks.severities and self._checks.is_configured
        if is_asked and incident.is_open and await tx.live_check(incident) is None:
            await self._ask(tx, incident, by=None, target=None, anew=True)

    async def ask(self, incident: Incident, *, by: Person, target: str | None = None) -> Incident:
        """Begin a round in a new message at the thread's end.

        Raises:
            NotPermitted, IncidentNotFound: as for every change. UserError: the last round began just now.
        """
        return await self._asked(incident, by=by, target=target, anew=True)

    async def again(self, incident_id: int, *, by: Person) -> Incident:
        """Begin a round in the message of the one before. Raises as `ask`."""
        incident = await self._store.incident(incident_id)
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
        begun = await tx.ask_live_check(incident, by=by, target=target, anew=anew, pause=PAUSE)
        if begun is None:
            return False
        if anew:
            await tx.insert_deliveries([_delivery(incident, self._policy, begun)])
        await tx.enqueue(check_job(incident.id))
        log.info("check.begun", incident_id=incident.id, round=begun.round)
        return True


def check_job(incident_id: int) -> Job:
    """Return the job that runs a round, or shows the one that has ended."""
    return Job(JobName.LIVE_CHECK, str(incident_id), f"live_check:{incident_id}", sooner=True)


def shown_in(post: Delivery, shown: ChecksShown) -> Delivery:
    """Return the message with what it shows now."""
    return replace(post, data=shown.to_json())


def _delivery(incident: Incident, policy: Policy, begun: CheckRound) -> NewDelivery:
    stored = ChecksShown(asked_by=begun.asked_by).to_json()
    line = thread_line(incident, policy, key=begun.post_key, stored=stored)
    return replace(line, kind=DeliveryKind.CHECKS)
