"""Deciding the steps of a ladder: nobody acknowledged, so somebody else is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.domain.delivery import DeliveryKind, NewDelivery, priority_of
from bot.domain.errors import InvalidTransition
from bot.domain.escalation import Step, StepStatus
from bot.domain.incident import Incident, Status, TimelineEntry, TimelineKind
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.access import Access
from bot.services.opening import step_key
from bot.services.ports import Store, Transaction
from bot.services.reconciler import Reconciler

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PassedOn:
    """Whom a page was passed on to; empty when the ladder has nobody further."""

    incident: Incident
    to: tuple[str, ...]


class Escalations:
    """The ladder of every incident."""

    def __init__(self, store: Store, policy: Policy, reconciler: Reconciler, access: Access) -> None:
        self._store = store
        self._access = access
        self._policy = policy
        self._reconciler = reconciler

    async def decide(self, incident_id: int, index: int) -> None:
        """A step is due: read the 👀 once more, then tell the next people, once.

        Running twice is harmless: the second finds the step decided.
        """
        # Before the decision, not within it: reading Discord must not hold a row lock.
        await self._reconciler.reconcile(await self._store.incident(incident_id))
        async with self._store.transaction() as tx:
            incident = await tx.incident(incident_id, lock=True)
            step = await tx.claim_step(incident_id, index)
            if step is None or incident.status is not Status.TRIGGERED:
                return
            await self.tell(tx, incident, step)
        log.info("escalation.decided", incident_id=incident_id, step=index)

    async def pass_on(self, incident_id: int, *, by: Person) -> PassedOn:
        """今は対応できない: the next step of the ladder is taken now instead of when it is due.

        Raises:
            NotPermitted: *by* is nobody who could respond.
            InvalidTransition: somebody acknowledged or resolved it meanwhile.
        """
        guild_id = (await self._store.incident(incident_id)).guild_id
        await self._access.require(by, "acknowledge", guild_id=guild_id, incident_id=incident_id)
        async with self._store.transaction() as tx:
            incident = await tx.incident(incident_id, lock=True)
            if incident.status is not Status.TRIGGERED:
                raise InvalidTransition("not_waiting", incident=incident.label)
            step = await _claim_next(tx, incident_id)
            to = () if step is None else step.rung.dm
            await tx.add_timeline(incident_id, await _declined(tx, by=by, to=to))
            if step is not None:
                await tx.cancel_jobs([step_key(incident_id, step.index)])
                await self.tell(tx, incident, step, declined_by=by.name)
        return PassedOn(incident, to)

    async def tell(
        self, tx: Transaction, incident: Incident, step: Step, *, declined_by: str | None = None
    ) -> None:
        """Owe the messages of a claimed step, in the caller's transaction."""
        now = await tx.now()
        following = await _following(tx, step)
        data = {
            "step": step.index,
            "mention": step.rung.mention.value,
            "dm": list(step.rung.dm),
            "waited_s": (now - incident.triggered_at).total_seconds(),
            "declined_by": declined_by,
            "next": None if following is None else _next(following),
        }
        await tx.insert_deliveries(self._messages(incident, step, data))
        await tx.finish_step(incident.id, step.index)
        if not _is_first_page(step):
            await tx.add_timeline(
                incident.id,
                TimelineEntry(TimelineKind.ESCALATED, now, data={"step": step.index, "dm": data["dm"]}),
            )

    def _messages(self, incident: Incident, step: Step, data: Mapping[str, object]) -> list[NewDelivery]:
        """The channel's message first (unless it is the alert itself that rang), then a DM each."""
        severity = self._policy.severities[incident.severity]
        key = f"inc:{incident.id}:step:{step.index}"

        def owe(kind: DeliveryKind, to: str, suffix: str) -> NewDelivery:
            return NewDelivery(
                kind=kind,
                to=to,
                key=f"{key}:{suffix}",
                guild_id=incident.guild_id,
                incident_id=incident.id,
                data=data,
                priority=priority_of(severity.rank),
            )

        pages = [owe(DeliveryKind.PAGE, f"person:{place}", f"dm:{place}") for place in step.rung.dm]
        if _is_first_page(step):
            return pages
        return [owe(DeliveryKind.ESCALATION, f"channel:{severity.channel}", "channel"), *pages]


async def _claim_next(tx: Transaction, incident_id: int) -> Step | None:
    for step in await tx.steps(incident_id):
        if step.status is StepStatus.PENDING:
            return await tx.claim_step(incident_id, step.index)
    return None


async def _following(tx: Transaction, step: Step) -> Step | None:
    """What comes after *step*, if nobody answers until then."""
    ladder = await tx.steps(step.incident_id)
    return next((s for s in ladder if s.status is StepStatus.PENDING and s.index != step.index), None)


def _is_first_page(step: Step) -> bool:
    """The step at the alert itself: the alert has just been posted, only the DMs are new."""
    return step.rung.after == timedelta()


def _next(step: Step) -> dict[str, object]:
    return {"dm": list(step.rung.dm), "mention": step.rung.mention.value, "due_at": step.due_at.isoformat()}


async def _declined(tx: Transaction, *, by: Person, to: tuple[str, ...]) -> TimelineEntry:
    return TimelineEntry(
        TimelineKind.DECLINED, await tx.now(), actor_id=by.id, actor_name=by.name, data={"to": list(to)}
    )
