"""Snoozing: put an acknowledged incident to rest, and ask again when its time comes."""

from datetime import datetime, timedelta
from typing import Final

from bot.domain.delivery.delivery import Delivery, NewDelivery, priority_of
from bot.domain.incident.incident import Incident, Status
from bot.domain.jobs import Job
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry
from bot.runbook.model import Policy
from bot.services.core import Core
from bot.services.delivery.handling import DeliveryHandler
from bot.services.shared.access import AnyAct
from bot.services.shared.changes import Change, Changes
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.incidents import IncidentWrites
from bot.storage.tables.timeline import TimelineWrites
from bot.storage.transaction import Transaction
from cogs.snooze import rules
from cogs.snooze.rules import Snoozed, SnoozeDelivery, SnoozedEntry, SnoozedNotice, WokenData, WokenEntry
from cogs.snooze.store import Snoozes

#: The name of the job, as the queue stores it; its payload is the incident's number.
WAKE: Final = "wake"


class SnoozeAct(AnyAct):
    """The act of this capability."""

    SNOOZE = "snooze"


class Snoozing:
    """Puts incidents of one guild to rest, and wakes them."""

    def __init__(self, store: Store, policy: Policy, changes: Changes) -> None:
        self._store = store
        self._policy = policy
        self._changes = changes

    async def now(self) -> datetime:
        """Return the time from which a snooze is counted."""
        return await self._store.now()

    async def snooze(self, incident_id: int, *, until: datetime, by: Person) -> Snoozed:
        """Put an incident to rest until *until*; a second time replaces the first.

        Raises:
            InvalidTransition, UserError: see `rules.snoozed`. Otherwise as `Changes.change`.
        """
        async with self._changes.change(incident_id, by=by, act=SnoozeAct.SNOOZE) as change:
            snoozed = rules.snoozed(change.incident, until=until, by=by, at=change.now)
            await Snoozes(change.tx.sql).save(snoozed)
            line = f"snoozed:{until.timestamp():.0f}"
            await change.record(SnoozedEntry(until=until), line=line)
            await change.say(SnoozedNotice(until=until), key=line)
            await change.tx.cancel_jobs([_key(incident_id)])
            await change.tx.enqueue(_job(incident_id, after=until - change.now))
        return snoozed

    async def wake(self, incident_id: int) -> timedelta | None:
        """Ask again if the incident's time has come; return how long it still rests. Twice does no harm."""
        async with self._store.transaction() as tx:
            incident = await IncidentWrites(tx.sql).incident(incident_id, lock=True)
            snoozes, now = Snoozes(tx.sql), await tx.now()
            snoozed = await snoozes.of_incident(incident_id)
            if snoozed is None:
                return None
            if snoozed.until > now:
                return snoozed.until - now
            await snoozes.forget(incident_id)
            if incident.status is Status.ACKNOWLEDGED:
                await TimelineWrites(tx.sql).add_timeline(incident_id, TimelineEntry.of(WokenEntry(), now))
                await DeliveryWrites(tx.sql).insert_deliveries([self._message(incident, snoozed)])
        return None

    def _message(self, incident: Incident, snoozed: Snoozed) -> NewDelivery:
        """Return the message that asks: where the alert is, and in the thread of a private incident."""
        severity = self._policy.rules_of(incident)
        data = WokenData(by_id=snoozed.by_id, by=snoozed.by_name, until=snoozed.until)
        return NewDelivery(
            kind=SnoozeDelivery.WOKEN,
            to="incident" if incident.is_private else f"channel:{severity.channel}",
            key=f"inc:{incident.id}:woken:{snoozed.until.timestamp():.0f}",
            guild_id=incident.guild_id,
            incident_id=incident.id,
            data=data.to_json(),
            priority=priority_of(severity.rank),
        )


async def forget(change: Change) -> None:
    """Forget the snooze of an incident that has moved on."""
    if await Snoozes(change.tx.sql).forget(change.incident.id):
        await change.tx.cancel_jobs([_key(change.incident.id)])


class WokenDeliveries(DeliveryHandler):
    """The message that asks again is not sent about an incident that has moved on."""

    def __init__(self) -> None:
        super().__init__(SnoozeDelivery.WOKEN)

    async def is_obsolete(self, tx: Transaction, delivery: Delivery) -> bool:
        """Return True if the incident is not acknowledged any more."""
        assert delivery.incident_id is not None
        incident = await IncidentWrites(tx.sql).incident(delivery.incident_id)
        return incident.status is not Status.ACKNOWLEDGED


def build(core: Core) -> Snoozing:
    """Return the snoozing of one guild."""
    return Snoozing(core.store, core.policy, core.changes)


def deliveries(_snoozing: Snoozing, _core: Core) -> list[DeliveryHandler]:
    """Return what handles the message that asks again."""
    return [WokenDeliveries()]


async def wake(snoozing: Snoozing, payload: str) -> timedelta | None:
    """Handle the time of a snooze."""
    return await snoozing.wake(int(payload))


def _key(incident_id: int) -> str:
    return f"wake:{incident_id}"


def _job(incident_id: int, *, after: timedelta) -> Job:
    return Job(WAKE, str(incident_id), _key(incident_id), after=after)
