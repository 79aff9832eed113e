"""Dependencies: an incident holds the alerts of dependants, which are tracked at its end or by a person."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.domain.alerts.decisions import AlertOutcome, HoldReason
from bot.domain.alerts.events import Occurrence
from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import NewDelivery
from bot.domain.errors import UserError
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, NewIncident
from bot.domain.incident.parts import AlertWait
from bot.domain.jobs import Job, JobName
from bot.domain.outage import Journal
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.alerts.holding import HeldAlerts
from bot.services.core import Core
from bot.services.delivery.handling import DeliveryHandler
from bot.services.shared.access import Access
from bot.services.shared.changes import Change
from bot.services.shared.jobs import refresh_job
from bot.services.shared.postings import thread_line
from bot.storage.store import Store
from bot.storage.tables.alerts import AlertRows
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.timeline import AuditWrites
from bot.storage.transaction import Transaction
from cogs.dependencies import rules
from cogs.dependencies.rules import DependencyDelivery, HeldQuietlyData, needed_by
from cogs.dependencies.store import DependantRows

log = structlog.get_logger(__name__)

#: The name of the job, as the queue stores it. Its payload: the number of the incident that holds.
RELEASE_HELD: Final = "release_held"

_SHOWN_AFTER: Final = timedelta(seconds=5)

#: The key below ``[permissions]``.
_PERMISSION: Final = "acknowledge"


class DependentAlerts:
    """Deals with the alerts that incidents of one guild hold."""

    def __init__(self, store: Store, policy: Policy, access: Access, alerts: HeldAlerts) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self._alerts = alerts

    async def track_apart(self, number: int, fingerprint: str, *, guild_id: int, by: Person) -> Incident:
        """Open an alert that the incident *number* holds by itself, and return it; it pages as any other.

        Raises:
            NotPermitted: on record. UserError: the incident holds it no more.
        """
        await self._access.require(by, _PERMISSION, guild_id=guild_id, act="track_apart", incident_id=number)
        async with self._store.transaction() as tx:
            await AlertRows(tx.sql).lock_fingerprint(guild_id, fingerprint)
            holder = await IncidentRows(tx.sql).incident(number)
            opened = None
            if fingerprint in await DependantRows(tx.sql, guild_id).held_by(number):
                opened = await self._alerts.track(tx, guild_id, fingerprint, waited=_waited(holder))
            if opened is None:
                raise UserError("held_alert_gone")
            incident = await IncidentRows(tx.sql).incident(opened)
            data = AuditData(opened, facts={"held_by": number, "title": incident.title})
            await AuditWrites(tx.sql).audit(guild_id=guild_id, by=by, action="alert_tracked_apart", data=data)
            await self._redraw(tx, number)
        log.info("dependency.tracked_apart", incident_id=opened, held_by=number, user_id=by.id)
        return incident

    async def run_job(self, number: int) -> None:
        """Deal with what an incident holds that may have ended; each part may be done again."""
        holder = await IncidentRows(self._store.sql).incident(number)
        for fingerprint in await DependantRows(self._store.sql, holder.guild_id).held_by(number):
            async with self._store.transaction() as tx:
                opened = await self._alerts.let_go(tx, holder.guild_id, fingerprint, waited=_waited(holder))
            if opened is not None:
                log.info("dependency.alert_tracked", incident_id=opened, held_by=holder.id)
        async with self._store.transaction() as tx:
            await self._redraw(tx, number)

    async def _redraw(self, tx: Transaction, number: int) -> None:
        """Let the posts of an incident show what it holds now."""
        holder = await _renew(tx, number)
        await tx.enqueue(refresh_job(holder, severity=self._policy.rules(holder.severity)))


async def holding(tx: Transaction, policy: Policy, alert: Occurrence) -> HoldReason | None:
    """Return the open incident of what an alert depends on, if there is one, and let its posts count it.

    One of the highest severity is posted as well, where its incident would be, and rings nobody.
    """
    needed = needed_by(alert.target, alert.title, policy.depends_on)
    if not needed:
        return None
    besides = rules.too_low(alert.severity, policy.severities.values())
    number = await DependantRows(tx.sql, alert.guild_id).holder(needed, besides=besides)
    if number is None:
        return None
    await _show(tx, policy, number)
    if alert.severity.name == policy.most_severe.name:
        team = policy.team_of([alert.target] if alert.target else [], said=alert.team)
        channel = alert.channel or policy.rules(alert.severity.name, team=team).channel
        data = HeldQuietlyData(
            incident=number,
            severity=alert.severity.name,
            title=alert.title,
            target=alert.target,
            url=alert.url,
        )
        line = NewDelivery(
            kind=DependencyDelivery.HELD_QUIETLY,
            to=f"channel:{channel}",
            key=f"held_quietly:{number}:{alert.fingerprint}",
            guild_id=alert.guild_id,
            data=data.to_json(),
        )
        await DeliveryWrites(tx.sql).insert_deliveries([line])
    return HoldReason(AlertOutcome.DEPENDS, incident_id=number)


def holds_meanwhile(policy: Policy, journal: Journal, new: NewIncident, _now: datetime) -> bool:
    """Return True if the journal shows an open incident of what an alert depends on."""
    besides = rules.too_low(policy.rules(new.severity), policy.severities.values())
    return rules.holds_meanwhile(new, journal, policy.depends_on, besides=besides)


async def _show(tx: Transaction, policy: Policy, number: int) -> None:
    """Let the posts of an incident count what it holds: one line in its thread, and its card.

    What comes again and again costs an edit every few seconds.
    """
    holder = await _renew(tx, number)
    # One message for each thread that the incident has had.
    line = thread_line(holder, policy, key=f"dependants:{holder.thread.posting}", stored={})
    await DeliveryWrites(tx.sql).insert_deliveries([replace(line, kind=DependencyDelivery.DEPENDANTS)])
    await tx.enqueue(Job(JobName.SHOW_COUNT, str(number), f"count:{number}", after=_SHOWN_AFTER))


def _waited(holder: Incident) -> AlertWait:
    return AlertWait(count=0, incident=None if holder.is_private else holder.id)


async def _renew(tx: Transaction, number: int) -> Incident:
    holder = transitions.renewed(await IncidentWrites(tx.sql).incident(number, lock=True))
    await IncidentWrites(tx.sql).save(holder)
    return holder


async def follow(change: Change) -> None:
    """Look again at what an incident holds: it has ended, was made private, or is about other targets."""
    incident = change.incident
    if await DependantRows(change.tx.sql, incident.guild_id).held_by(incident.id):
        number = str(incident.id)
        job = Job(RELEASE_HELD, number, f"{RELEASE_HELD}:{number}", after=timedelta(), sooner=True)
        await change.tx.enqueue(job)


def build(core: Core) -> DependentAlerts:
    """Make the use cases of a guild."""
    return DependentAlerts(core.store, core.policy, core.access, core.held_alerts)


def deliveries(_alerts: DependentAlerts, _core: Core) -> list[DeliveryHandler]:
    """Return the handler of the lines, which need nothing but to be sent."""
    return [DeliveryHandler(*DependencyDelivery)]


async def release_held(alerts: DependentAlerts, payload: str) -> timedelta | None:
    """Do the job of an incident that may hold alerts no more."""
    await alerts.run_job(int(payload))
    return None
