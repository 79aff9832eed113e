"""Records the work done while the database was away: once, with its times and its posts."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import groupby

import structlog

from bot.domain.alerts.decisions import AlertDecision, AlertOutcome, HeldAlert
from bot.domain.alerts.recognition import Says
from bot.domain.delivery.delivery import Posted
from bot.domain.errors import BotError, IncidentNotFound, StorageUnavailable, UserError
from bot.domain.escalation.ladder import Step
from bot.domain.incident.incident import Incident, Status
from bot.domain.incident.parts import Source
from bot.domain.incident.transitions import AckVia
from bot.domain.outage import Journal, Recorded, SeenAck, UnrecordedReport, watch_key
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry
from bot.domain.timeline.recorded import EmailedEntry
from bot.domain.triage.session import triage_of_key
from bot.runbook.model import Policy
from bot.services.acknowledging.acknowledge import Acknowledger
from bot.services.delivery.deliveries import Arrivals
from bot.services.escalation.decisions import Escalations
from bot.services.incidents.opening import Incidents
from bot.services.outage.alarm import Alarm
from bot.services.ports import Discord
from bot.services.running_triages import end_in
from bot.services.shared.access import Access
from bot.services.shared.contributions import count_message
from bot.storage.store import Store
from bot.storage.tables.alerts import AlertRows
from bot.storage.tables.deliveries import DeliveryAttempts, DeliveryRows
from bot.storage.tables.escalation import EscalationRows, EscalationWrites
from bot.storage.tables.incidents import IncidentWrites
from bot.storage.tables.installation import InstallationRows
from bot.storage.tables.timeline import TimelineWrites
from bot.storage.tables.triages import TriageRows
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RecordingUseCases:
    """The use cases that record what the journal holds."""

    incidents: Incidents
    escalations: Escalations
    acknowledger: Acknowledger
    arrivals: Arrivals


class JournalRecorder:
    """Takes the journal into the database, each incident in a commit of its own."""

    def __init__(
        self, store: Store, discord: Discord, policy: Policy, access: Access, use_cases: RecordingUseCases
    ) -> None:
        self._store = store
        self._discord = discord
        self._policy = policy
        self._access = access
        self._incidents = use_cases.incidents
        self._escalations = use_cases.escalations
        self._acknowledger = use_cases.acknowledger
        self._arrivals = use_cases.arrivals

    async def record(self, journal: Journal, *, alarm: Alarm) -> Recorded:
        """Record *journal* in the database, and return the part that is recorded now.

        A part that failed is tried again. A second call changes nothing.

        Args:
            alarm: Escalates incidents at this moment: those are recorded later.

        Raises:
            StorageUnavailable: nothing is recorded.
        """
        installation = await InstallationRows(self._store.sql).installation()
        journal = self._ours(journal, installation.id)
        recorded = set()
        for report in journal.reports.values():
            work = partial(self._report, report, journal)
            if await _is_recorded(report.watch_key, journal, work=work, alarm=alarm):
                recorded.add(report.watch_key)
        keys = (*journal.taken, *journal.posted, *journal.mailed, *journal.acknowledged)
        done = (key.split(":") for key in keys)
        for number in sorted({int(parts[1]) for parts in done if parts[0] == "inc"}):
            work = partial(self._steps, number, journal)
            if await _is_recorded(watch_key(number), journal, work=work, alarm=alarm):
                recorded.add(watch_key(number))
        return Recorded(journal, frozenset(recorded), installation.id)

    def _ours(self, journal: Journal, installation_id: str) -> Journal:
        """Return *journal* without the incidents of another database, where INC-1 is another incident."""
        if journal.installation_id in ("", installation_id):
            return journal
        ours = journal.of_reports()
        dropped = {
            "posts": len(journal.posted) - len(ours.posted),
            "steps": len(journal.taken) - len(ours.taken),
            "mails": len(journal.mailed) - len(ours.mailed),
            "acknowledged": len(journal.acknowledged) - len(ours.acknowledged),
        }
        if any(dropped.values()):
            log.error("emergency.set_aside", **dropped, reports_kept=len(ours.reports))
        return replace(ours, installation_id=installation_id)

    async def _report(self, report: UnrecordedReport, journal: Journal) -> None:
        """Open the incident of a report, once per key, with its ladder from when it was raised."""
        posted = {
            key: where for key, where in journal.posted.items() if key.startswith(f"{report.watch_key}:")
        }
        places = [*report.places, *((where.channel_id, where.message_id) for where in posted.values())]
        seen = journal.acknowledged.get(report.watch_key)
        acknowledged_by = await self._who_acknowledged(report, places) if seen is None else seen.by
        async with self._store.transaction() as tx:
            if report.alert is not None:
                incident = await self._tracked(tx, report, report.alert)
            else:
                incident = await self._incidents.open_within(tx, report.as_incident, by=_reporter(report))
            await self._end_triage(tx, report, incident)
            ours = {
                key.replace(report.watch_key, watch_key(incident.id), 1): where
                for key, where in posted.items()
            }
            await self._settle(tx, incident, ours, journal, key=report.watch_key)
            if acknowledged_by is not None:
                settled = await IncidentWrites(tx.sql).incident(incident.id, lock=True)
                await self._acknowledger.record(tx, settled, by=acknowledged_by, via=AckVia.RECONCILED)

    async def _tracked(self, tx: Transaction, report: UnrecordedReport, alert: HeldAlert) -> Incident:
        """Open the incident of an alert, or count it on the one that another process has opened meanwhile.

        The message that says it counts as handled from then on.
        """
        await AlertRows(tx.sql).lock_fingerprint(report.guild_id, alert.fingerprint)
        rank = self._policy.rules(report.severity).rank
        lesser = [one.name for one in self._policy.severities.values() if one.rank > rank]
        since = await tx.now() - self._policy.alerts.same_within
        incident = await AlertRows(tx.sql).same_alert(
            report.guild_id, alert.fingerprint, since=since, lesser=lesser
        ) or await self._incidents.open_within(tx, report.as_incident, by=None)
        if alert.source is not None:
            await count_message(tx, self._policy, _decision(report, alert, alert.source, incident))
        return incident

    async def _end_triage(self, tx: Transaction, report: UnrecordedReport, incident: Incident) -> None:
        """End the triage that was confirmed as *report*, so that its person is not asked to finish it."""
        if (number := triage_of_key(report.key)) is None:
            return
        try:
            triage = await TriageRows(tx.sql).triage(number, lock=True)
        except UserError:  # the database was restored to a state before this triage
            return
        if triage.is_unfinished or triage.is_under_reevaluation:
            await end_in(tx, self._policy, triage, incident, by=_reporter(report))

    async def _steps(self, incident_id: int, journal: Journal) -> None:
        posted = {
            key: where
            for key, where in journal.posted.items()
            if key.startswith(f"{watch_key(incident_id)}:")
        }
        async with self._store.transaction() as tx:
            incident = await IncidentWrites(tx.sql).incident(incident_id, lock=True)
            await self._settle(tx, incident, posted, journal, key=watch_key(incident_id))
            if (seen := journal.acknowledged.get(watch_key(incident_id))) is not None:
                await self._acknowledge(tx, incident_id, seen)

    async def _acknowledge(self, tx: Transaction, incident_id: int, seen: SeenAck) -> None:
        """Record the 👀 that was found, unless an acknowledgement has come and ended since.

        Reading it again would take Discord's answer in time: without that, the next step would ring.
        """
        incident = await IncidentWrites(tx.sql).incident(incident_id, lock=True)
        ended = incident.ack_ended
        is_old = ended is not None and ended.at >= seen.at
        if incident.status is not Status.TRIGGERED or is_old:
            return
        if await self._access.sees(seen.by, incident, source=tx):
            await self._acknowledger.record(tx, incident, by=seen.by, via=AckVia.RECONCILED)

    async def _settle(
        self, tx: Transaction, incident: Incident, posted: dict[str, Posted], journal: Journal, *, key: str
    ) -> None:
        """Record the incident's taken steps, and its messages and emails, each with its time."""
        EscalationWrites(tx.sql).watch(
            incident.id
        )  # by this commit the mirror learns that none of it is to be sent again
        own, together = f"{key}:", list[Step]()
        for step in await EscalationRows(tx.sql).steps(incident.id):
            name = f"{own}step:{step.index}"
            if name in journal.taken:
                together.append(step)
                if name not in journal.skipped:  # its message covers the skipped steps before it
                    await self._take(tx, incident, together, journal.taken[name], posted=posted)
                    together = []
        said = {
            name.replace(key, watch_key(incident.id), 1): at
            for name, at in journal.said.items()
            if name.startswith(own)
        }
        for name, where in posted.items():
            await self._arrivals.adopt(tx, name, where, at=said.get(name))
        renamed = (
            name.replace(key, watch_key(incident.id), 1) for name in journal.mailed if name.startswith(own)
        )
        for message, marks in groupby(sorted(renamed), key=lambda name: name.partition(":mail:")[0]):
            to = {mark.partition(":mail:")[2]: said.get(mark) for mark in marks}
            at = min((at for at in to.values() if at is not None), default=None)
            await self._mailed(tx, incident, message, to=list(to), at=at)

    async def _take(
        self,
        tx: Transaction,
        incident: Incident,
        steps: Sequence[Step],
        at: datetime,
        *,
        posted: Collection[str],
    ) -> None:
        """Record the steps that one offline message announced.

        If the database has decided them otherwise meanwhile, that message is kept all the same.
        """
        current = await IncidentWrites(tx.sql).incident(incident.id, lock=True)
        waiting = [
            step
            for step in steps
            if await EscalationWrites(tx.sql).claim_step(incident.id, step.index) is not None
        ]
        if steps[-1] in waiting and current.status is Status.TRIGGERED:
            await self._escalations.queue_messages(tx, current, waiting, at=at)
            return
        if waiting:
            await self._escalations.finish(tx, current, waiting)
        await self._escalations.queue_posted(tx, current, steps, posted=posted, at=at)

    async def _mailed(
        self, tx: Transaction, incident: Incident, key: str, *, to: Sequence[str], at: datetime | None
    ) -> None:
        delivery = await DeliveryRows(tx.sql).delivery_by_key(key)
        # Some are recorded already, if the journal is recorded again or another process emailed them, too.
        known = () if delivery is None else delivery.emailed_to
        if not (news := [who for who in to if who not in known]):
            return
        at = at or (incident.triggered_at if delivery is None else delivery.created_at)
        entry = TimelineEntry.of(EmailedEntry(recipients=len(news)), at)
        await TimelineWrites(tx.sql).add_timeline(incident.id, entry)
        if delivery is not None:
            # Whether everyone has it is decided when the email is due: that depends on who is on call then.
            await DeliveryAttempts(tx.sql).mark_emailed(delivery.id, to=news, is_done=False)

    async def _who_acknowledged(
        self, report: UnrecordedReport, places: list[tuple[int, int]]
    ) -> Person | None:
        """Return the first person with a 👀 who may acknowledge. If Discord fails, a later look finds it."""
        try:
            async for person, _ in self._discord.acknowledgers(places, guild_id=report.guild_id):
                if self._access.allows(person, "acknowledge", about=report):
                    return person
        except BotError as error:
            log.warning("reconciliation.skipped", reason=type(error).__name__)
        return None


def _reporter(report: UnrecordedReport) -> Person:
    return Person(id=report.by_id, name=report.by_name)


def _decision(
    report: UnrecordedReport, alert: HeldAlert, source: Source, incident: Incident
) -> AlertDecision:
    return AlertDecision(
        guild_id=report.guild_id,
        sender=report.sender,
        said_id=source.message_id,
        channel_id=source.channel_id,
        said_at=report.raised_at,
        outcome=AlertOutcome.TRACKED,
        label=alert.by_name,
        title=alert.title,
        says=Says.FIRING,
        url="" if alert.evidence is None else alert.evidence.url,
        target=next(iter(alert.targets), None),
        severity=alert.severity,
        fingerprint=alert.fingerprint,
        incident_id=incident.id,
    )


async def _is_recorded(
    key: str, journal: Journal, *, work: Callable[[], Awaitable[None]], alarm: Alarm
) -> bool:
    """Do *work* on one incident, and return True if nothing is left to record.

    An incident that is being escalated, or was since *journal* was read, waits for the next look. Otherwise
    its deliveries would send again what people got under the key of its report.
    """
    if alarm.is_held(key):
        return False
    try:
        async with alarm.hold(key):
            if alarm.has_done_more(key, since=journal):
                return False
            await work()
    except IncidentNotFound:  # the database was restored to a state before this incident
        log.error("emergency.set_aside", watch=key)  # noqa: TRY400 -- no bug of ours
        return True
    except StorageUnavailable as away:
        log.warning("emergency.not_taken_in", watch=key, reason=str(away))
        return False
    except Exception:
        log.exception("emergency.not_taken_in", watch=key)
        return False
    log.info("emergency.taken_in", watch=key)
    return True
