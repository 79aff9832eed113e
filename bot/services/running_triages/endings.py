"""Ending a running triage (a walk) because the message that it is about was dealt with in another way.

Locks are taken in this order: the incident, its walks by number, deliveries, jobs.
"""

from dataclasses import replace

import structlog

from bot.domain.audit import AuditData
from bot.domain.incident.incident import Incident, IncidentKind
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry
from bot.domain.timeline.recorded import GivenAnswer, SeverityChoice, TriagedEntry
from bot.domain.triage.session import JoinedReport, StoredAnswer, StoredChoice, Triage
from bot.runbook.model import Policy
from bot.services.running_triages.posts import post_keys, save_walk, set_clock
from bot.services.shared.changes import Change
from bot.services.shared.jobs import refresh_job
from bot.storage.tables.alerts import AlertRows
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.timeline import AuditWrites, TimelineWrites
from bot.storage.tables.triages import TriageAnswerRows, TriageRows
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)


async def subject_of(tx: Transaction, triage: Triage) -> Incident | None:
    """Lock and return the incident that a walk's message led to, after merges; None without one."""
    if triage.source_message_id is None:
        return None
    number = await AlertRows(tx.sql).alert_of_message(triage.source_message_id)
    if triage.channel_id is not None:
        raised = (await TriageRows(tx.sql).known_message(triage.channel_id, triage.source_message_id)).raised
        number = number if raised is None else raised.id
    if number is None:
        return None
    found = await IncidentRows(tx.sql).incident(number)
    while found.merged_into_id is not None:
        found = await IncidentRows(tx.sql).incident(found.merged_into_id)
    locked = await IncidentWrites(tx.sql).incident(
        found.id, lock=True
    )  # one of them only: others lock several by number
    while locked.merged_into_id is not None:  # merged in this very moment
        locked = await IncidentWrites(tx.sql).incident(locked.merged_into_id, lock=True)
    return locked


async def lock_walk(tx: Transaction, triage_id: int) -> Triage:
    """Lock and return a walk, after the incident that its message has become.

    Raises:
        UserError: no such triage.
    """
    await subject_of(tx, await TriageRows(tx.sql).triage(triage_id))
    return await TriageRows(tx.sql).triage(triage_id, lock=True)


async def end_in(
    tx: Transaction,
    policy: Policy,
    triage: Triage,
    incident: Incident,
    *,
    by: Person | None,
    joined: JoinedReport | None = None,
) -> None:
    """End a locked walk in a locked incident: its answers and its posts are that one's from now on.

    Args:
        by: None when the clock does it.
        joined: The report, if it joins an incident that others have raised about something similar.
    """
    at = await tx.now()
    answers, choices = (
        await TriageAnswerRows(tx.sql).given_answers(triage.id),
        await TriageAnswerRows(tx.sql).given_choices(triage.id),
    )
    told = replace(_triaged(triage, answers, choices), joined=joined)
    await TimelineWrites(tx.sql).add_timeline(incident.id, TimelineEntry.of(told, at))
    ended = triage.raised(incident.id, severity=incident.severity, by=by, at=at, joined=joined is not None)
    await TriageRows(tx.sql).save_triage(ended)
    await set_clock(tx, ended, policy)
    await DeliveryWrites(tx.sql).adopt_deliveries(post_keys(triage), incident_id=incident.id)
    await tx.enqueue(refresh_job(incident, severity=policy.rules(incident.severity)))
    log.info("triage.raised", triage_id=triage.id, incident_id=incident.id, by_clock=by is None)


async def take_in_walks(change: Change, *, with_open: bool = False) -> None:
    """End the walks about the messages of *change*'s incident in it: those that a clock would raise.

    Args:
        with_open: Also end walks that are being answered; else they end in it when they are confirmed.
    """
    for triage in await TriageRows(change.tx.sql).walks_about(change.incident.id):
        if (with_open or triage.is_under_reevaluation) and not _began_after(triage, change.incident):
            await _take_in(change, triage)


async def dismiss_walks(change: Change) -> None:
    """Dismiss the walks under re-evaluation about a tracked alert: ending the alert has answered them."""
    for triage in await TriageRows(change.tx.sql).walks_about(change.incident.id):
        if triage.is_under_reevaluation:
            await _dismiss(change, triage)


async def is_dealt_with(tx: Transaction, policy: Policy, triage: Triage) -> bool:
    """Return True if the message of a locked walk was dealt with meanwhile, and end the walk then."""
    incident = await subject_of(tx, triage)
    if incident is None or _began_after(triage, incident):
        return False
    if incident.kind is IncidentKind.ALERT and incident.is_open:
        return False
    end = incident.ended
    who = Person(id=0, name="") if end is None else Person(id=end.id, name=end.name)
    change = Change(tx, policy, incident, who, await tx.now(), is_by_clock=True)
    if incident.kind is IncidentKind.ALERT:
        await _dismiss(change, triage)
    else:
        await _take_in(change, triage)
    return True


def _began_after(triage: Triage, incident: Incident) -> bool:
    """Return True if the incident had ended before the walk began, which then is about a new trouble."""
    return incident.ended is not None and incident.ended.at <= triage.created_at


async def _take_in(change: Change, triage: Triage) -> None:
    by = None if change.is_by_clock else change.by
    await end_in(change.tx, change.policy, triage, change.incident, by=by)
    await _audit(change, triage, "triage.raised", incident=change.incident.id)


async def _dismiss(change: Change, triage: Triage) -> None:
    is_waiting = triage.is_under_reevaluation
    ended = triage.dismiss(by=change.by, at=change.now) if is_waiting else triage.expire(at=change.now)
    await save_walk(change.tx, ended, change.policy)
    await _audit(change, triage, "triage.dismissed", incident=change.incident.id)


async def _audit(change: Change, triage: Triage, action: str, **facts: object) -> None:
    if not change.is_by_clock:
        data = AuditData(facts={"triage": triage.id, **facts})
        await AuditWrites(change.tx.sql).audit(
            guild_id=triage.guild_id, by=change.by, action=action, data=data
        )


def _triaged(triage: Triage, answers: list[StoredAnswer], choices: list[StoredChoice]) -> TriagedEntry:
    return TriagedEntry(
        triage=triage.id,
        started_by=triage.user_name,
        chosen=triage.severity,
        answers=tuple(_answer(one) for one in answers),
        choices=tuple(_choice(one, counts=one is triage.standing(choices)) for one in choices),
    )


def _answer(given: StoredAnswer) -> GivenAnswer:
    return GivenAnswer(
        question=given.question,
        answer=given.answer,
        unsure=given.unsure,
        by=given.by_name,
        at=given.at,
        withdrawn=given.withdrawn_at,
        withdrawn_by=given.withdrawn_by_name,
    )


def _choice(made: StoredChoice, *, counts: bool) -> SeverityChoice:
    return SeverityChoice(
        proposed=made.proposed,
        severity=made.severity,
        counts=counts,
        by=made.by_name,
        at=made.at,
        withdrawn=made.withdrawn_at,
        withdrawn_by=made.withdrawn_by_name,
    )
