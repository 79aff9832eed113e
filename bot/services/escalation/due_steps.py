"""Steps that are due at the same moment are decided together. See docs/internals/escalation.md."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import structlog

from bot.domain.delivery.delivery import NewDelivery
from bot.domain.errors import StorageUnavailable
from bot.domain.escalation.ladder import Due, StepStatus, split
from bot.domain.escalation.pages import to_bundle
from bot.domain.incident.incident import Incident
from bot.domain.oncall.people import OnCallPerson
from bot.runbook.model import Policy
from bot.services.acknowledging.reconciliation import READ_ON_S, READ_WITHIN_S, ReadingAhead
from bot.services.escalation.decisions import Escalations
from bot.services.escalation.step_messages import StepMessages, entries
from bot.services.shared.fencing import LOOK_AGAIN, OLD, SentDuringOutage
from bot.services.shared.jobs import refresh_job
from bot.services.shared.roster import OnCall, distinct_people
from bot.storage.queue.enqueue import QueueWatch
from bot.storage.store import Store
from bot.storage.tables.bundles import BundleWrites
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.escalation import EscalationRows, EscalationWrites
from bot.storage.tables.timeline import TimelineWrites
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)

#: Incidents in one commit: enough for a small cost per step, so few that an acknowledgement never waits long.
_TOGETHER: Final = 500

#: A step that comes due during a sweep is looked at again after this long: the sweep may have died.
_PUT_OFF: Final = timedelta(seconds=2)

_NOW: Final = timedelta()

#: A guild, and the places of a step.
_Whom: TypeAlias = tuple[int, tuple[str, ...]]


class DueSteps:
    """Handler of the queue's escalate job; may run twice without harm."""

    def __init__(  # noqa: PLR0913  # what it needs to decide, and the watch on the queue
        self,
        store: Store,
        policy: Policy,
        ahead: ReadingAhead,
        escalations: Escalations,
        oncall: OnCall,
        *,
        sent_during_outage: SentDuringOutage,
        queue: QueueWatch,
    ) -> None:
        self._store = store
        self._policy = policy
        self._ahead = ahead
        self._escalations = escalations
        self._oncall = oncall
        self._step_messages = StepMessages(policy)
        self._sent_during_outage = sent_during_outage
        self._queue = queue
        self._sweeping = self._is_asked = False

    async def decide(self, incident_id: int, index: int) -> timedelta | None:
        """Decide a step that is due, and all others due with it; for one that is due soon, read the 👀.

        Returns:
            How long until the next look: until the step is due, or while others are being decided. None when
            it is decided.
        """
        due_in, is_unrecorded = await asyncio.gather(
            EscalationRows(self._store.sql).step_due_in(incident_id, index),
            self._sent_during_outage.is_unrecorded(),
        )
        if due_in is None:
            return None
        if due_in > _NOW:
            await self._ahead.read()
            left = await EscalationRows(self._store.sql).step_due_in(incident_id, index)
            return None if left is None else max(left, _NOW)
        if is_unrecorded:  # an overdue step may have been taken without the database
            return await self._decide_alone(incident_id, index, overdue=-due_in)
        if self._sweeping:
            self._is_asked = True
            return _PUT_OFF
        self._sweeping = True
        try:
            await self._sweep()
        except StorageUnavailable:
            raise
        except Exception:  # another incident's fault: decide our step all the same, by itself
            log.exception("escalation.sweep_failed", incident_id=incident_id)
        finally:
            self._sweeping = False
        steps = EscalationRows(self._store.sql)
        if await steps.step_due_in(incident_id, index) is not None:  # its incident was locked elsewhere
            await self._escalations.decide(incident_id, index)
        return None

    async def _decide_alone(self, incident_id: int, index: int, *, overdue: timedelta) -> timedelta | None:
        """Decide this step alone; return when to look again, or None once it is decided.

        Another process may have sent this step's message during the outage, under this step's key (Discord
        knows its nonce for a minute) or a later step's. Its journal says which; wait for it.
        """
        steps, now = await asyncio.gather(
            EscalationRows(self._store.sql).steps(incident_id), self._store.now()
        )
        due, _ = split((step for step in steps if step.status is StepStatus.PENDING), now)
        if overdue >= OLD or len(due) > 1:
            return LOOK_AGAIN
        await self._escalations.decide(incident_id, index, is_alone=True)
        return None

    async def _sweep(self) -> None:
        """Decide all steps that are due or come due meanwhile, the most severe first.

        Each commit is complete. If this process dies, the steps that are left are decided by their own jobs.
        """
        since, within_s, decided = None, READ_WITHIN_S, 1
        while decided or self._is_asked:
            self._is_asked = False
            now, _ = await asyncio.gather(
                self._store.now(), EscalationRows(self._store.sql).put_off_steps(_PUT_OFF)
            )
            # Their 👀 first; what cannot be read in time is decided without.
            due = await EscalationRows(self._store.sql).due_incidents(now, since=since, limit=_TOGETHER)
            await self._ahead.read_within(due, within_s, now=now)
            decided = await self.decide_due(now, limit=_TOGETHER)
            since, within_s = now, READ_ON_S

    async def decide_due(self, before: datetime, *, limit: int) -> int:
        """Decide the steps of at most *limit* incidents that were due at *before* or earlier, in one commit.

        Each incident escalates once, however many of its steps are due. An incident locked by another
        transaction is skipped: that transaction decides it, or its own job does.

        Returns:
            The number of incidents whose steps were decided.
        """
        async with self._store.transaction() as tx:
            due = await EscalationWrites(tx.sql).claim_due(before, limit=limit)
            if due:
                self._queue.decided()  # they are ours: with a slow database their commit takes a moment
                await self._queue_messages(tx, due)
        if due:
            self._queue.decided()
            log.info("escalation.decided_together", steps=sum(len(one.steps) for one in due))
        return len(due)

    async def _queue_messages(self, tx: Transaction, due: Sequence[Due]) -> None:
        now, called = await tx.now(), await self._called(tx, due)
        due = [await self._escalations.repeat(tx, one) for one in due]
        owed = [
            (new, one.incident)
            for one in due
            for new in self._step_messages.messages(one, called[_whom(one)], now=now)
        ]
        history = [(one, entry) for one in due for entry in entries(one, called[_whom(one)], now=now)]
        await TimelineWrites(tx.sql).add_timelines([(one.incident.id, entry) for one, entry in history])
        together = await self._queue_deliveries(tx, owed)
        # Their posts are edited: the ladder there says which steps were taken.
        shown = [one.incident for one in due if one.incident.id not in together]
        await EscalationWrites(tx.sql).finish_steps(
            [step for one in due for step in one.steps], shown=[one.id for one in shown]
        )
        await tx.enqueue(*(refresh_job(one, severity=self._policy.rules_of(one)) for one in shown))

    async def _queue_deliveries(
        self, tx: Transaction, owed: Sequence[tuple[NewDelivery, Incident]]
    ) -> set[int]:
        """Queue deliveries: one bundle for each place that has too many, the rest one by one.

        Returns:
            The incidents in bundles. In a storm their posts are not edited: the rate limit is kept for
            messages that ping.
        """
        news = [
            (new, incident) for new, incident in owed if new.key not in self._sent_during_outage.meanwhile
        ]
        together = to_bundle(news, bundle_from=self._policy.storm.bundle_from)
        await DeliveryWrites(tx.sql).insert_deliveries([new for new, _ in owed if new.key not in together])
        for group in dict.fromkeys(together.values()):
            await BundleWrites(tx.sql).insert_bundled(
                [new for new, _ in owed if together.get(new.key) == group], group
            )
        return {incident.id for new, incident in owed if new.key in together}

    async def _called(
        self, tx: Transaction, due: Sequence[Due]
    ) -> Mapping[_Whom, Mapping[str, OnCallPerson]]:
        """Return the people at the places of each step; reads the on-call order once per guild."""
        guilds = {one.incident.guild_id for one in due}
        holders = {guild_id: await self._oncall.holders(guild_id, source=tx) for guild_id in guilds}
        return {_whom(one): distinct_people(holders[one.incident.guild_id], one.rung.dm) for one in due}


def _whom(due: Due) -> _Whom:
    return due.incident.guild_id, due.rung.dm
