"""The acknowledge, by 👀 or a button, of a person who may respond. The first one stops the ladder.

A 👀 is first looked up: thousands may come at once, most of them on messages of no incident.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

import structlog
from cachetools import TTLCache

from bot.domain.audit import AuditData
from bot.domain.errors import UserError
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, Status
from bot.domain.incident.ownership import OwnerWhy
from bot.domain.incident.records import AcknowledgedEntry, JoinedEntry
from bot.domain.incident.transitions import Acknowledgement, AckOutcome, AckVia
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry
from bot.runbook.model import Policy
from bot.services.shared.access import Access, Act
from bot.services.shared.jobs import note_sign_of_life, refresh_job, remind_later, step_key
from bot.storage.store import Store
from bot.storage.tables.acknowledgements import AcknowledgementWrites
from bot.storage.tables.escalation import EscalationWrites
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineWrites
from bot.storage.transaction import Transaction

#: How long a message without an incident is not looked up again, seconds. It may still get one, as
#: a monitor's alert that is counted late. A 👀 that is passed over is read again before anyone is paged.
PASSED_OVER_S: Final = 2.0

_MOST: Final = 20_000

log = structlog.get_logger(__name__)


class IncidentLookup:
    """Finds the incidents of messages. Look-ups that come while a query runs share the next query.

    Args:
        timer: A monotonic clock, in seconds.
    """

    def __init__(self, rows: IncidentRows, *, timer: Callable[[], float] = time.monotonic) -> None:
        self._rows = rows
        self._none: TTLCache[int, None] = TTLCache(_MOST, PASSED_OVER_S, timer=timer)
        self._asked: dict[int, asyncio.Future[Sequence[Incident]]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def incidents(self, message_id: int, *, is_new: bool) -> Sequence[Incident]:
        """Return the incidents that a 👀 on a message acknowledges; for a bundle several.

        Args:
            is_new: The message is so young that its id may not be stored yet: then nothing is remembered.

        Raises:
            StorageUnavailable.
        """
        if message_id in self._none:
            return ()
        future = self._asked.get(message_id)
        if future is None:
            future = self._asked[message_id] = asyncio.get_running_loop().create_future()
            if self._asking is None:
                self._asking = asyncio.create_task(self._ask())
        found = await asyncio.shield(future)
        if not found and not is_new:
            self._none[message_id] = None
        return found

    async def _ask(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked, {}
                try:
                    found = await self._rows.incidents_by_messages(list(asked))
                except BaseException as error:
                    _fail(asked.values(), error)
                    if not isinstance(error, Exception):
                        raise
                else:
                    for message_id, future in asked.items():
                        if not future.done():
                            future.set_result(found.get(message_id, ()))
        finally:
            self._asking = None
            _fail(self._asked.values(), asyncio.CancelledError())


def _fail(futures: Iterable[asyncio.Future[Sequence[Incident]]], error: BaseException) -> None:
    for future in futures:
        if not future.done():
            if isinstance(error, Exception):
                future.set_exception(error)
                future.exception()  # the task that asked may have ended
            else:
                future.cancel()


class Acknowledger:
    """Records acknowledges and the responders they add."""

    def __init__(self, store: Store, policy: Policy, access: Access) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self._lookup = IncidentLookup(IncidentRows(store.sql))

    async def acknowledge(self, incident_id: int, *, by: Person, via: AckVia) -> Acknowledgement:
        """Record an acknowledgement of *by*. The first one stops the ladder; later responders join.

        Raises:
            NotPermitted: *by* may not acknowledge.
            IncidentNotFound: no such incident, or a private one that is not theirs.
        """
        return await self._acknowledge(
            await IncidentRows(self._store.sql).incident(incident_id), by=by, via=via
        )

    async def acknowledge_as_read(self, read: Incident, *, by: Person) -> Incident:
        """Record a 👀 of *by* found by reading Discord, unless the incident was acknowledged meanwhile.

        In that case the 👀 may be the one that acknowledged it. It neither shows that *by* is still there,
        nor counts again after that acknowledge has ended.

        Args:
            read: As it was before Discord was asked.

        Returns:
            The incident as it is now.

        Raises:
            As `acknowledge`.
        """
        seen = await IncidentRows(self._store.sql).incident(read.id)
        async with self._access.locked(seen, by=by, act=Act.ACKNOWLEDGE) as (tx, locked):
            if locked.status is not Status.TRIGGERED or locked.ack_ended != read.ack_ended:
                return locked
            result = await self.record(tx, locked, by=by, via=AckVia.RECONCILED)
        _log(result, via=AckVia.RECONCILED)
        return result.incident

    async def incidents_of(self, message_id: int, *, is_new: bool) -> Sequence[Incident]:
        """Return the incidents that a 👀 on a message acknowledges; see `IncidentLookup.incidents`."""
        return await self._lookup.incidents(message_id, is_new=is_new)

    async def acknowledge_each(
        self, incidents: Sequence[Incident], *, by: Person, via: AckVia
    ) -> list[Acknowledgement]:
        """Acknowledge several incidents as `acknowledge` does, leaving out those that *by* may not see.

        Args:
            incidents: As they were read a moment ago; see `Access.locked`.
            by: The 👀 of a bot acknowledges nothing.

        Raises:
            UserError: *by* may acknowledge none of them.
        """
        results: list[Acknowledgement] = []
        refused: UserError | None = None
        if by.is_bot:
            return results
        if not any(self._access.allows(by, Act.ACKNOWLEDGE.permission, about=one) for one in incidents):
            incidents = incidents[:1]  # one refusal, and one record of it, is enough
        for incident in incidents:
            try:
                results.append(await self._acknowledge(incident, by=by, via=via))
            except UserError as error:
                refused = error
        if refused is not None and not results:
            raise refused
        return results

    async def _acknowledge(self, incident: Incident, *, by: Person, via: AckVia) -> Acknowledgement:
        async with self._access.locked(incident, by=by, act=Act.ACKNOWLEDGE) as (tx, locked):
            result = await self.record(tx, locked, by=by, via=via)
        _log(result, via=via)
        return result

    async def record(
        self, tx: Transaction, incident: Incident, *, by: Person, via: AckVia
    ) -> Acknowledgement:
        """Record an acknowledgement in the caller's transaction, without the check of permissions.

        Args:
            incident: Locked, as it is now.
        """
        now = await tx.now()
        # The query `acknowledge` adds the first responder itself.
        joined = incident.status is Status.TRIGGERED or await AcknowledgementWrites(tx.sql).join(
            incident.id, by, via=via
        )
        has_it = incident.on_it is not None and incident.on_it.id == by.id
        next_update_at = self._policy.update_due(self._policy.rules_of(incident), at=now)
        result = transitions.acknowledge(
            incident,
            by=by,
            at=now,
            already_responding=has_it or not joined,
            next_update_at=next_update_at,
            why=OwnerWhy.COMMAND if via is AckVia.ROLE else None,
        )
        data = AuditData(incident.id, facts={"via": via.value})
        if result.outcome is AckOutcome.FIRST:
            # The same statement ends the ladder: no step can be decided afterwards.
            cancelled = await AcknowledgementWrites(tx.sql).acknowledge(
                result.incident, _entry(result, via), by=by, via=via, data=data
            )
            await _cancel_step_jobs(tx, incident.id, cancelled)
            await tx.enqueue(refresh_job(result.incident, severity=self._policy.rules_of(incident)))
            if result.incident.updates != incident.updates:  # an unchanged promise has its job already
                await remind_later(tx, result.incident, now=now, before=incident)
            return result
        if result.outcome is AckOutcome.JOINED:
            await TimelineWrites(tx.sql).record(incident, _entry(result, via), by=by, data=data)
        return replace(result, incident=await note_sign_of_life(tx, self._policy, incident, now=now))


async def stop_ladder(tx: Transaction, incident_id: int) -> None:
    """Cancel the pending steps and pages of an incident, rows and jobs."""
    await _cancel_step_jobs(tx, incident_id, await EscalationWrites(tx.sql).cancel_ladder(incident_id))


async def _cancel_step_jobs(tx: Transaction, incident_id: int, steps: Sequence[int]) -> None:
    await tx.cancel_jobs([step_key(incident_id, index) for index in steps])


def _log(result: Acknowledgement, *, via: AckVia) -> None:
    number, user_id = result.incident.id, result.by.id
    log.info("incident.acknowledged", incident_id=number, outcome=result.outcome, via=via, user_id=user_id)


def _entry(result: Acknowledgement, via: AckVia) -> TimelineEntry:
    kind = AcknowledgedEntry if result.outcome is AckOutcome.FIRST else JoinedEntry
    return TimelineEntry.of(kind(via=via.value), result.at, by=result.by)
