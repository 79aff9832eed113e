"""Deciding the steps of a ladder: nobody acknowledged, so somebody else is told."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bot.domain.delivery import Delivery, DeliveryStatus, priority_of
from bot.domain.errors import InvalidTransition
from bot.domain.escalation import Due, Step, StepStatus, plan
from bot.domain.incident import Incident, Status
from bot.domain.people import Person
from bot.domain.severity import SeverityPolicy
from bot.domain.standing import OnCallPerson, marked
from bot.domain.timeline import TimelineEntry, TimelineKind
from bot.runbook.model import Policy
from bot.services.access import Access, Act
from bot.services.oncall import OnCall
from bot.services.opening import notice, step_job
from bot.services.ports import Store, Transaction
from bot.services.reading_ahead import READ_WITHIN_S, ReadingAhead
from bot.services.telling import Telling, entries, repeated

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

    def __init__(
        self, store: Store, policy: Policy, ahead: ReadingAhead, access: Access, oncall: OnCall
    ) -> None:
        self._store = store
        self._oncall = oncall
        self._policy = policy
        self._ahead = ahead
        self._access = access
        self._telling = Telling(policy)

    async def decide(self, incident_id: int, index: int) -> None:
        """A step is due: read the 👀 once more, then tell the next people, once.

        Running twice is harmless: the second finds the step decided.
        """
        # Before the decision, not within it: reading Discord must not hold a row lock.
        await self._ahead.read_within([await self._store.incident(incident_id)], READ_WITHIN_S)
        pages = await self._store.pages(incident_id)
        async with self._store.transaction() as tx:
            incident = await tx.incident(incident_id, lock=True)
            step = await tx.claim_step(incident_id, index)
            if step is None or incident.status is not Status.TRIGGERED:
                return
            told, unreached = _reached(pages)
            await self.tell(tx, incident, step, told=told, unreached=unreached)
        log.info("escalation.decided", incident_id=incident_id, step=index)

    async def pass_on(self, incident_id: int, *, by: Person, message_id: int) -> PassedOn:
        """今は対応できない: whoever comes next in the on-call order is told at once.

        The ladder's own steps stay as they are: an alert that nobody takes still rings at its deadline.
        The same place declining twice changes nothing and gets the same answer, until a change of severity
        begins another ladder: then everybody is asked anew, and so is the next one told.

        Args:
            message_id: The DM that was answered; it says for which place.

        Raises:
            NotPermitted: *by* is nobody who could respond. IncidentNotFound: it is private, and not theirs.
            InvalidTransition: somebody acknowledged or resolved it meanwhile.
        """
        pages = await self._store.pages(incident_id)
        page = next((page for page in pages if page.message_id == message_id), None)
        seen = await self._store.incident(incident_id)
        async with self._access.locked(seen, by=by, act=Act.DECLINE) as (tx, incident):
            if incident.status is not Status.TRIGGERED:
                raise InvalidTransition("not_waiting", incident=incident.label)
            to = await self._hand_over(tx, incident, page, by=by)
            return PassedOn(incident, to, _following(await tx.steps(incident_id)))

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
            priority=priority_of(severity.rank),
        )
        await tx.insert_steps(steps)
        tx.watch(incident.id)
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
        told: Mapping[str, int] | None = None,
        unreached: tuple[str, ...] = (),
        at: datetime | None = None,
    ) -> None:
        """Owe the messages of a claimed step, in the caller's transaction.

        Args:
            told, unreached: Who has had a DM, and who could not be reached, before this step.
            at: When it was taken; None for now.
        """
        now = await tx.now()
        await tx.finish_step(incident.id, step.index)
        due = replace(await _as_due(tx, incident, step), told=told or {}, unreached=unreached)
        if again := repeated(due, now=now):
            severity = self._policy.rules(incident.severity)
            await tx.insert_steps([again])
            await tx.enqueue(step_job(again, after=again.due_at - now, severity=severity))
        called = await self._owe(tx, replace(due, following=due.following or again), at=at or now)
        await tx.add_timeline(incident.id, *entries(step, called, now=at or now))

    async def owe(self, tx: Transaction, incident: Incident, step: Step, *, at: datetime) -> None:
        """Store the messages of a step that was taken then, in the caller's transaction.

        Known ones stay as they are.
        """
        await self._owe(tx, await _as_due(tx, incident, step), at=at)

    async def _owe(self, tx: Transaction, due: Due, *, at: datetime) -> Mapping[str, OnCallPerson]:
        called = await self._oncall.each_once(due.incident.guild_id, due.step.rung.dm, source=tx)
        await tx.insert_deliveries(self._telling.messages(due, called, now=at))
        return called

    async def _hand_over(
        self, tx: Transaction, incident: Incident, page: Delivery | None, *, by: Person
    ) -> str | None:
        """Note that whoever *page* was for declined, and owe the next one a DM; the place that is told."""
        standing = await self._oncall.standing(incident.guild_id, source=tx)
        place, asked = _of_whoever(by, standing) if page is None else (_place(page), _asked(page, standing))
        ladder, declined = _declined(await tx.timeline(incident.id))
        if asked in declined:
            known = declined[asked]
            return None if known is None else str(known)
        to = _next_place(standing, {*declined, asked})
        now = await tx.now()
        facts = {"place": place, "to": to, "asked": asked, "ladder": ladder}
        entry = TimelineEntry(TimelineKind.DECLINED, now, actor_id=by.id, actor_name=by.name, data=facts)
        await tx.record(incident, entry, by=by, data={"incident_id": incident.id, **facts})
        key = f"declined:{ladder}:{asked}" if ladder else f"declined:{asked}"
        data = {"declined_by": by.name, "waited_s": (now - incident.triggered_at).total_seconds()}
        told = {"notice": "declined", "by": by.name, "to": to}
        owed = [notice(incident, self._policy, key=key, data=told)]
        if to is not None:
            owed.append(self._telling.page(incident, to, key=f"inc:{incident.id}:{key}:dm:{to}", data=data))
        await tx.insert_deliveries(owed)
        return to


def _declined(entries: Iterable[TimelineEntry]) -> tuple[int, dict[str, object]]:
    """Which ladder of an incident runs, from 0, and who has declined in it: person -> whom it went to."""
    history = list(entries)
    ladder = sum(entry.kind is TimelineKind.SEVERITY_CHANGED for entry in history)  # each begins another
    said = [entry.data for entry in history if entry.kind is TimelineKind.DECLINED and entry.data]
    # What an older version has noted says of no ladder: it counts for the first.
    own = [data for data in said if data.get("ladder", 0) == ladder]
    return ladder, {str(data.get("asked", data.get("place"))): data.get("to") for data in own}


def _next_place(standing: Mapping[str, OnCallPerson], declined: set[str]) -> str | None:
    """The first place in the on-call order whose person has not declined, wherever they stand."""
    people = {standing[name].handle for name in declined if name in standing}  # as they were noted once
    free = (
        place
        for place, person in standing.items()
        if marked(person.handle) not in declined and person.handle not in people
    )
    return next(free, None)


def _reached(pages: list[Delivery]) -> tuple[dict[str, int], tuple[str, ...]]:
    """Who has had how many DMs, and whom none has reached."""
    told = Counter(_person(page) for page in pages if page.status is DeliveryStatus.SENT)
    failed = {_person(page) for page in pages if page.status is DeliveryStatus.FAILED}
    return dict(told), tuple(sorted(failed - set(told)))


def _place(page: Delivery) -> str:
    return page.to.removeprefix("person:")


def _person(page: Delivery) -> str:
    """Whom a page was for: the person, or the place while it is not known who stood there."""
    recipient = None if page.request is None else page.request.recipient
    return _place(page) if recipient is None else marked(recipient)


def _asked(page: Delivery, standing: Mapping[str, OnCallPerson]) -> str:
    """The person of a page that was sent; of an old one, whoever stands at its place."""
    person = _person(page)
    return marked(standing[person].handle) if person in standing else person


def _of_whoever(by: Person, standing: Mapping[str, OnCallPerson]) -> tuple[str | None, str]:
    """Place and person of an answer to a DM that is not on record yet: its sender has died since."""
    places = (place for place, person in standing.items() if person.is_for(by))
    place = next(places, None)
    return place, "None" if place is None else marked(standing[place].handle)


async def _as_due(tx: Transaction, incident: Incident, step: Step) -> Due:
    ladder = await tx.steps(incident.id)
    return Due(incident, step, _following(ladder), last_index=max(other.index for other in ladder))


def _following(ladder: Sequence[Step]) -> Step | None:
    """The ladder's next step, if nobody answers until then."""
    return next((step for step in ladder if step.status is StepStatus.PENDING), None)


async def is_of_earlier_ladder(tx: Transaction, delivery: Delivery, incident: Incident) -> bool:
    """Whether a page or escalation belongs to a ladder that a change of severity has ended."""
    if delivery.data.get("severity", incident.severity) != incident.severity:
        return True  # whose ladder may be empty: then no later step says so
    number = delivery.data.get("step")
    steps = await tx.steps(incident.id)
    own = next((step for step in steps if step.index == number), None)
    starts = [step.starts_at for step in steps if step.starts_at is not None]
    return own is not None and own.starts_at != max(starts, default=None)
