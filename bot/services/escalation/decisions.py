"""Deciding the steps of a ladder: without an acknowledgement, each step notifies further people."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.domain.delivery.delivery import Delivery, priority_of
from bot.domain.escalation.ladder import (
    Due,
    SeverityClock,
    Step,
    StepStatus,
    Why,
    WhyKind,
    earlier_clock,
    following_step,
    last_hand_over,
    plan,
    resumed,
    severe_since,
)
from bot.domain.escalation.pages import Reached, reached
from bot.domain.escalation.payloads import PagingData
from bot.domain.incident.incident import Incident, Status
from bot.domain.oncall.people import OnCallPerson, marked
from bot.domain.severity import LadderStep, Mention, SeverityPolicy
from bot.runbook.model import Policy
from bot.services.acknowledging.reconciliation import READ_WITHIN_S, ReadingAhead
from bot.services.escalation.step_messages import StepMessages, entries
from bot.services.shared.jobs import refresh_job, step_job
from bot.services.shared.roster import OnCall
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryRows, DeliveryWrites
from bot.storage.tables.escalation import EscalationRows, EscalationWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.timeline import TimelineRows, TimelineWrites
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)

#: A step at the very start of its ladder only sends DMs; one that is taken early also writes to the channel.
_NOT_AT_THE_START: Final = timedelta(milliseconds=1)


class Escalations:
    """Starts, decides and resumes the ladders of incidents."""

    def __init__(self, store: Store, policy: Policy, ahead: ReadingAhead, oncall: OnCall) -> None:
        self._store = store
        self._oncall = oncall
        self._policy = policy
        self._ahead = ahead
        self._step_messages = StepMessages(policy)

    async def decide(self, incident_id: int, index: int, *, is_alone: bool = False) -> None:
        """Decide a due step: read the 👀 once more, then notify the next people, once.

        Running twice is harmless: the second finds the step decided.

        Args:
            is_alone: Other steps that are due are left to their own jobs.
        """
        # Before the decision, not within it: reading Discord must not hold a row lock.
        incident = await IncidentRows(self._store.sql).incident(incident_id)
        await self._ahead.read_within([incident], READ_WITHIN_S)
        pages = await DeliveryRows(self._store.sql).pages(incident_id)
        async with self._store.transaction() as tx:
            incident = await IncidentWrites(tx.sql).incident(incident_id, lock=True)
            step = await EscalationWrites(tx.sql).claim_step(incident_id, index)
            if step is None or incident.status is not Status.TRIGGERED:
                return
            due = [step] if is_alone else await _due_with(tx, step)
            await self.queue_messages(tx, incident, due, before=reached(pages))
            # Queue an edit of the incident's posts: their ladder shows which steps were taken.
            shown = replace(incident, version=incident.version + 1)
            await EscalationWrites(tx.sql).keep_followed_pages(incident.id)
            await IncidentWrites(tx.sql).save(shown)
            await tx.enqueue(refresh_job(shown, severity=self._policy.rules_of(shown)))
        log.info("escalation.decided", incident_id=incident_id, step=due[-1].index, steps=len(due))

    async def start(
        self,
        tx: Transaction,
        incident: Incident,
        severity: SeverityPolicy,
        *,
        now: datetime,
        is_first: bool = False,
        why: Why | None = None,
    ) -> None:
        """Begin the ladder of *severity*, in the caller's transaction: the first pages are queued at once.

        Its steps are numbered after those of an earlier ladder, so that no key is used twice.

        Args:
            now: When it begins, and what its deadline counts from; steps that are due then are taken at once.
            is_first: The incident is new: it had no ladder before.
            why: Its cause, if that was not the alert.
        """
        earlier = [] if is_first else await EscalationRows(tx.sql).steps(incident.id)
        steps = self._planned(incident, severity, since=now, earlier=earlier)
        await self._begin(tx, incident, steps, earlier, now=now, why=why)

    async def clock(
        self, tx: Transaction, incident: Incident, severity: SeverityPolicy, *, now: datetime
    ) -> SeverityClock:
        """Return from when the deadline and the ladder of *incident*'s next severity count."""
        if incident.status is not Status.TRIGGERED:
            return SeverityClock(now)
        steps = await EscalationRows(tx.sql).steps(incident.id)
        timeline = await TimelineRows(tx.sql).timeline(incident.id)
        priority, handed_at = priority_of(severity.rank), last_hand_over(timeline)
        if earlier := earlier_clock(incident, steps, priority=priority, handed_at=handed_at):
            return earlier

        def is_as_severe(name: str) -> bool:
            return self._policy.rules(name).rank <= severity.rank

        return SeverityClock(severe_since(incident, timeline, is_as_severe=is_as_severe, now=now))

    async def switch(
        self,
        tx: Transaction,
        incident: Incident,
        severity: SeverityPolicy,
        *,
        clock: SeverityClock,
        now: datetime,
    ) -> None:
        """Put an incident on the ladder of another severity, in the caller's transaction.

        What was due by the severity's clock is taken at once, in one message; the other steps come at their
        times. At least the pages of the ladder's start are sent.
        """
        earlier = await EscalationRows(tx.sql).steps(incident.id)
        if clock.ladder:
            first_index = max(step.index for step in earlier) + 1
            steps = resumed(clock, first_index=first_index, starts_at=now)
        else:
            planned = self._planned(incident, severity, since=clock.since, earlier=earlier)
            steps = tuple(replace(step, starts_at=now, counts_from=clock.since) for step in planned)
        await self._begin(tx, incident, steps, earlier, now=now)

    def _planned(
        self, incident: Incident, severity: SeverityPolicy, *, since: datetime, earlier: Sequence[Step]
    ) -> tuple[Step, ...]:
        return plan(
            severity.ladder,
            incident_id=incident.id,
            starts_at=since,
            ack_due_at=self._policy.ack_due(severity, at=since),
            first_index=max((step.index for step in earlier), default=-1) + 1,
            priority=priority_of(severity.rank),
        )

    async def _begin(
        self,
        tx: Transaction,
        incident: Incident,
        steps: Sequence[Step],
        earlier: Sequence[Step],
        *,
        now: datetime,
        why: Why | None = None,
    ) -> None:
        """Store the *steps* of a ladder that follows *earlier* ones, and take those that are due."""
        severity = self._policy.rules_of(incident)
        ladder = [step if step.due_at > now else replace(step, status=StepStatus.DONE) for step in steps]
        await EscalationWrites(tx.sql).insert_steps(ladder)
        EscalationWrites(tx.sql).watch(incident.id)
        current = await tx.now()
        waiting = [step for step in ladder if step.status is StepStatus.PENDING]
        await tx.enqueue(
            *(step_job(step, after=step.due_at - current, severity=severity) for step in waiting)
        )
        if taken := [step for step in ladder if step.status is StepStatus.DONE]:
            due = await self.repeat(tx, _as_due(incident, taken, [*earlier, *ladder]))
            await self._take(tx, replace(due, why=why), at=current)

    async def queue_messages(
        self,
        tx: Transaction,
        incident: Incident,
        steps: Sequence[Step],
        *,
        before: Reached = ({}, ()),
        at: datetime | None = None,
        why: Why | None = None,
    ) -> None:
        """Queue the messages of claimed steps, in the caller's transaction: the last one's covers all.

        Args:
            steps: By due time; at least one.
            before: Who has had a DM, and who could not be reached, before them.
            at: When they were taken; None for now.
            why: Why they come before their time; None if they do not.
        """
        (notified, unreached), due = before, await self.finish(tx, incident, steps)
        due = replace(due, notified=notified, unreached=unreached, why=why)
        await self._take(tx, due, at=at or await tx.now(), is_past=at is not None)

    async def finish(self, tx: Transaction, incident: Incident, steps: Sequence[Step]) -> Due:
        """Mark claimed steps as done, in the caller's transaction; one that repeats itself gets its next row.

        Args:
            steps: By due time; at least one.
        """
        await EscalationWrites(tx.sql).finish_steps(steps)
        return await self.repeat(
            tx, _as_due(incident, steps, await EscalationRows(tx.sql).steps(incident.id))
        )

    async def repeat(self, tx: Transaction, due: Due) -> Due:
        """Store the next row of the step that repeats itself, if one of *due* does; return *due* with it."""
        now, severity = await tx.now(), self._policy.rules_of(due.incident)
        again = due.repeated(now=now)
        if again is not None:
            await EscalationWrites(tx.sql).insert_steps([again])
            await tx.enqueue(step_job(again, after=again.due_at - now, severity=severity))
        return due.followed_by(again)

    async def _take(self, tx: Transaction, due: Due, *, at: datetime, is_past: bool = False) -> None:
        """Queue the messages of steps that are done, and put the steps on the timeline.

        Args:
            at: When they were taken.
            is_past: They were taken before this transaction, without the database.
        """
        called = await self._called(tx, due, is_past=is_past)
        await DeliveryWrites(tx.sql).insert_deliveries(self._step_messages.messages(due, called, now=at))
        await TimelineWrites(tx.sql).add_timeline(due.incident.id, *entries(due, called, now=at))

    async def resume(self, tx: Transaction, incident: Incident, *, why: Why) -> bool:
        """Go on with the ladder that an acknowledgement had stopped, in the caller's transaction.

        Its next step is taken now if its time has passed; the later ones keep their distance from it. If no
        step is left, or the severity has changed since, a new ladder begins: it notifies people one after the
        other again, and its deadline counts from now.

        Returns:
            True if a step was taken now, which writes to the channel.
        """
        severity, now = self._policy.rules_of(incident), await tx.now()
        if not await EscalationWrites(tx.sql).resume_ladder(
            incident.id, since=now, priority=priority_of(severity.rank)
        ):
            await self.start(tx, incident, severity, now=now, why=why)
            return False  # the first step of a ladder only sends DMs
        EscalationWrites(tx.sql).watch(incident.id)
        pages, due = reached(await DeliveryRows(tx.sql).pages(incident.id)), []
        for step in await EscalationRows(tx.sql).steps(incident.id):
            if step.status is not StepStatus.PENDING:
                continue
            if step.due_at > now:
                await tx.enqueue(step_job(step, after=step.due_at - now, severity=severity))
            elif claimed := await EscalationWrites(tx.sql).claim_step(step.incident_id, step.index):
                due.append(claimed)
        if due:
            await self.queue_messages(tx, incident, due, before=pages, why=why)
        return bool(due)

    async def take_early(
        self, tx: Transaction, incident: Incident, *, why: Why, without: Collection[str]
    ) -> None:
        """Tell the channel now what the ladder's next step would tell it later, in the caller's transaction.

        It is a step of its own: the ladder's steps keep their times, so people are still alerted at the
        deadline.

        Args:
            without: People who get no DM with it, as `marked`.
        """
        ladder, now = await EscalationRows(tx.sql).steps(incident.id), await tx.now()
        following = following_step(ladder)
        rung = LadderStep(after=None) if following is None else following.rung
        severity = self._policy.rules_of(incident)
        # A DM is refused right after its alert, which has mentioned the channel if its severity does so.
        has_mentioned = why.kind is WhyKind.UNREACHED and severity.mention is not Mention.NONE
        called = await self._oncall.distinct_holders(incident.guild_id, rung.dm, source=tx)
        dm = tuple(place for place, person in called.items() if marked(person.handle) not in without)
        starts_at = max((step.starts_at for step in ladder if step.starts_at is not None), default=now)
        step = Step(
            incident.id,
            index=max((step.index for step in ladder), default=-1) + 1,
            due_at=max(now, starts_at + _NOT_AT_THE_START),
            rung=LadderStep(after=None, mention=Mention.NONE if has_mentioned else rung.mention, dm=dm),
            starts_at=starts_at,
            priority=priority_of(severity.rank),
        )
        await EscalationWrites(tx.sql).insert_steps([step])
        claimed = await EscalationWrites(tx.sql).claim_step(step.incident_id, step.index)
        if claimed is not None:
            before = reached(await DeliveryRows(tx.sql).pages(incident.id))
            await self.queue_messages(tx, incident, [claimed], before=before, why=why)

    async def queue_posted(
        self,
        tx: Transaction,
        incident: Incident,
        steps: Sequence[Step],
        *,
        posted: Collection[str],
        at: datetime,
    ) -> None:
        """Store the messages of *steps* that were posted without the database, in the caller's transaction.

        Messages that are stored already stay as they are.

        Args:
            posted: The keys of the posted messages.
            at: When the steps were taken.
        """
        due = _as_due(incident, steps, await EscalationRows(tx.sql).steps(incident.id))
        called = await self._called(tx, due, is_past=True)
        messages = self._step_messages.messages(due, called, now=at)
        await DeliveryWrites(tx.sql).insert_deliveries([one for one in messages if one.key in posted])

    async def _called(
        self, tx: Transaction, due: Due, *, is_past: bool = False
    ) -> Mapping[str, OnCallPerson]:
        """Return the people on call now; if *is_past*, without their duty, which may have changed."""
        called = await self._oncall.distinct_holders(due.incident.guild_id, due.rung.dm, source=tx)
        return {place: replace(who, duty=None) for place, who in called.items()} if is_past else called


async def _due_with(tx: Transaction, step: Step) -> list[Step]:
    """Claim the other due steps of the ladder of a claimed *step*; return them with it, by due time."""
    now = await tx.now()
    waiting = [
        one
        for one in await EscalationRows(tx.sql).steps(step.incident_id)
        if one.status is StepStatus.PENDING
    ]
    beside = [one for one in waiting if one.due_at <= now and one.index != step.index]
    claimed = [
        step,
        *[await EscalationWrites(tx.sql).claim_step(one.incident_id, one.index) for one in beside],
    ]
    return sorted((one for one in claimed if one is not None), key=lambda one: (one.due_at, one.index))


def _as_due(incident: Incident, steps: Sequence[Step], ladder: Sequence[Step]) -> Due:
    last_index = max(other.index for other in ladder)
    return Due(incident, steps[-1], following_step(ladder), last_index=last_index, earlier=tuple(steps[:-1]))


async def is_of_earlier_ladder(source: Store | Transaction, delivery: Delivery, incident: Incident) -> bool:
    """Return True if a page or escalation belongs to a ladder that a change of severity has ended."""
    data = PagingData.from_json(delivery.data)
    if data.severity not in (None, incident.severity):
        return True  # the new severity's ladder may have no step that shows it
    steps = await EscalationRows(source.sql).steps(incident.id)
    own = next((step for step in steps if step.index == data.step), None)
    starts = [step.starts_at for step in steps if step.starts_at is not None]
    return own is not None and own.starts_at != max(starts, default=None)
