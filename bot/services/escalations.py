"""Deciding the steps of a ladder: nobody acknowledged, so somebody else is told."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.domain.delivery import Delivery, DeliveryKind, DeliveryStatus, NewDelivery, priority_of
from bot.domain.errors import InvalidTransition
from bot.domain.escalation import Step, StepStatus, plan
from bot.domain.incident import Incident, Status
from bot.domain.people import Person
from bot.domain.severity import SeverityPolicy
from bot.domain.timeline import TimelineEntry, TimelineKind
from bot.runbook.model import Policy
from bot.services.access import Access, Act
from bot.services.opening import notice, private_thread_key, step_job
from bot.services.ports import Store, Transaction
from bot.services.reconciler import Reconciler

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PassedOn:
    """What became of 今は対応できない.

    Attributes:
        to: The on-call place that is told instead; None when nobody is left.
        following: The ladder's next step, which is taken at its time all the same.
    """

    incident: Incident
    to: str | None
    following: Step | None


class Escalations:
    """The ladder of every incident."""

    def __init__(self, store: Store, policy: Policy, reconciler: Reconciler, access: Access) -> None:
        self._store = store
        self._policy = policy
        self._reconciler = reconciler
        self._access = access

    async def decide(self, incident_id: int, index: int) -> None:
        """A step is due: read the 👀 once more, then tell the next people, once.

        Running twice is harmless: the second finds the step decided.
        """
        # Before the decision, not within it: reading Discord must not hold a row lock.
        await self._reconciler.reconcile(await self._store.incident(incident_id))
        pages = await self._store.pages(incident_id)
        async with self._store.transaction() as tx:
            incident = await tx.incident(incident_id, lock=True)
            step = await tx.claim_step(incident_id, index)
            if step is None or incident.status is not Status.TRIGGERED:
                return
            await self.tell(tx, incident, step, so_far=_reached(pages))
        log.info("escalation.decided", incident_id=incident_id, step=index)

    async def pass_on(self, incident_id: int, *, by: Person, message_id: int) -> PassedOn:
        """今は対応できない: whoever comes next in the on-call order is told at once.

        The ladder's own steps stay as they are: an alert that nobody takes still rings at its deadline.
        The same place declining twice changes nothing and gets the same answer.

        Args:
            message_id: The DM that was answered; it says for which place.

        Raises:
            NotPermitted: *by* is nobody who could respond.
            InvalidTransition: somebody acknowledged or resolved it meanwhile.
        """
        pages = await self._store.pages(incident_id)
        place = next((_place(page) for page in pages if page.message_id == message_id), None)
        await self._access.require_incident(by, Act.DECLINE, await self._store.incident(incident_id))
        async with self._store.transaction() as tx:
            incident = await tx.incident(incident_id, lock=True)
            if incident.status is not Status.TRIGGERED:
                raise InvalidTransition("not_waiting", incident=incident.label)
            to = await self._hand_over(tx, incident, place, by=by)
            return PassedOn(incident, to, await _following(tx, incident_id))

    async def start(
        self, tx: Transaction, incident: Incident, severity: SeverityPolicy, *, now: datetime
    ) -> None:
        """Begin the ladder of *severity*, in the caller's transaction: the first pages are owed at once.

        Args:
            now: When it begins; what has been due since then is due at once.

        Its steps are numbered after those of an earlier ladder, so that no key is used twice.
        """
        earlier = await tx.steps(incident.id)
        steps = plan(
            severity.ladder,
            incident_id=incident.id,
            starts_at=now,
            ack_due_at=incident.ack_due_at,
            first_index=max((step.index for step in earlier), default=-1) + 1,
        )
        await tx.insert_steps(steps)
        current = await tx.now()
        for step in steps:
            if step.due_at > now:
                await tx.enqueue(step_job(step, after=step.due_at - current, severity=severity))
            elif claimed := await tx.claim_step(step.incident_id, step.index):
                await self.tell(tx, incident, claimed)

    async def tell(
        self,
        tx: Transaction,
        incident: Incident,
        step: Step,
        *,
        so_far: Mapping[str, object] | None = None,
        at: datetime | None = None,
    ) -> None:
        """Owe the messages of a claimed step, in the caller's transaction.

        Args:
            so_far: Who has had a DM, and who could not be reached, before this step.
            at: When it was taken; None for now.
        """
        now = at or await tx.now()
        await tx.finish_step(incident.id, step.index)
        await self.owe(tx, incident, step, so_far=so_far, at=now)
        if not _is_first_page(step):
            entry = TimelineEntry(
                TimelineKind.ESCALATED, now, data={"step": step.index, "dm": list(step.rung.dm)}
            )
            await tx.add_timeline(incident.id, entry)

    async def owe(
        self,
        tx: Transaction,
        incident: Incident,
        step: Step,
        *,
        so_far: Mapping[str, object] | None = None,
        at: datetime,
    ) -> None:
        """Store the messages of a step, in the caller's transaction; known ones stay as they are."""
        following = await _following(tx, incident.id)
        data = {
            **(so_far or {}),
            "step": step.index,
            "severity": incident.severity,
            "mention": step.rung.mention.value,
            "dm": list(step.rung.dm),
            "waited_s": (at - incident.triggered_at).total_seconds(),
            "next": None if following is None else _next(following),
        }
        await tx.insert_deliveries(self._messages(incident, step, data))

    def _messages(self, incident: Incident, step: Step, data: Mapping[str, object]) -> list[NewDelivery]:
        """The channel's message first (unless it is the alert itself that rang), then a DM each."""
        key = f"inc:{incident.id}:step:{step.index}"
        pages = [self._page(incident, place, key=f"{key}:dm:{place}", data=data) for place in step.rung.dm]
        if _is_first_page(step):
            return pages
        severity = self._policy.rules(incident.severity)
        to, after = f"channel:{severity.channel}", None
        if incident.is_private:
            to, after = "incident", private_thread_key(incident)
        escalation = NewDelivery(
            kind=DeliveryKind.ESCALATION,
            to=to,
            after=after,
            key=f"{key}:channel",
            guild_id=incident.guild_id,
            incident_id=incident.id,
            data=data,
            priority=priority_of(severity.rank),
        )
        return [escalation, *pages]

    def _page(self, incident: Incident, place: str, *, key: str, data: Mapping[str, object]) -> NewDelivery:
        return NewDelivery(
            kind=DeliveryKind.PAGE,
            to=f"person:{place}",
            key=key,
            guild_id=incident.guild_id,
            incident_id=incident.id,
            data=data,
            priority=priority_of(self._policy.rules(incident.severity).rank),
        )

    async def _hand_over(
        self, tx: Transaction, incident: Incident, place: str | None, *, by: Person
    ) -> str | None:
        """Note that *place* declined, and owe the DM to the next one; the place that is told."""
        declined = {
            str(entry.data.get("place")): entry.data.get("to")
            for entry in await tx.timeline(incident.id)
            if entry.kind is TimelineKind.DECLINED and entry.data
        }
        if str(place) in declined:
            known = declined[str(place)]
            return None if known is None else str(known)
        to = self._next_place({*declined, str(place)})
        now = await tx.now()
        entry, facts = _declined(by, now, place=place, to=to), {"place": place, "to": to}
        await tx.add_timeline(incident.id, entry)
        audited = {"incident_id": incident.id, **facts}
        await tx.audit(guild_id=incident.guild_id, by=by, action=entry.kind.value, data=audited)
        key = f"inc:{incident.id}:declined:{place}"
        data = {"declined_by": by.name, "waited_s": (now - incident.triggered_at).total_seconds()}
        owed = [
            notice(
                incident,
                self._policy,
                key=f"declined:{place}",
                data={"notice": "declined", "by": by.name, "to": to},
            )
        ]
        if to is not None:
            owed.append(self._page(incident, to, key=f"{key}:dm:{to}", data=data))
        await tx.insert_deliveries(owed)
        return to

    def _next_place(self, declined: set[str]) -> str | None:
        """The first place in the on-call order whose person has not declined under any name."""
        people = {who.discord for name, who in self._policy.oncall.items() if name in declined}
        return next((name for name, who in self._policy.oncall.items() if who.discord not in people), None)


def _reached(pages: list[Delivery]) -> dict[str, object]:
    """Who has had how many DMs, and whom none has reached."""
    told = Counter(_place(page) for page in pages if page.status is DeliveryStatus.SENT)
    failed = {_place(page) for page in pages if page.status is DeliveryStatus.FAILED}
    return {"told": dict(told), "unreached": sorted(failed - set(told))}


def _place(page: Delivery) -> str:
    return page.to.removeprefix("person:")


async def _following(tx: Transaction, incident_id: int) -> Step | None:
    """The ladder's next step, if nobody answers until then."""
    return next((step for step in await tx.steps(incident_id) if step.status is StepStatus.PENDING), None)


async def is_of_earlier_ladder(tx: Transaction, delivery: Delivery, incident: Incident) -> bool:
    """Whether a page or escalation belongs to a ladder that a change of severity has ended."""
    if delivery.data.get("severity", incident.severity) != incident.severity:
        return True  # whose ladder may be empty: then no later step says so
    number = delivery.data.get("step")
    steps = await tx.steps(incident.id)
    own = next((step for step in steps if step.index == number), None)
    starts = [step.starts_at for step in steps if step.starts_at is not None]
    return own is not None and own.starts_at != max(starts, default=None)


def _is_first_page(step: Step) -> bool:
    """The step at the alert itself: the alert has just been posted, only the DMs are new."""
    return step.rung.after == timedelta()


def _next(step: Step) -> dict[str, object]:
    return {"dm": list(step.rung.dm), "mention": step.rung.mention.value, "due_at": step.due_at.isoformat()}


def _declined(by: Person, at: datetime, *, place: str | None, to: str | None) -> TimelineEntry:
    return TimelineEntry(
        TimelineKind.DECLINED, at, actor_id=by.id, actor_name=by.name, data={"place": place, "to": to}
    )
