"""From a tracked alert to an incident, by a click or by a triage of its message."""

from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, IncidentKind, Status
from bot.domain.incident.records import DeclaredEntry, SeverityChangedEntry
from bot.domain.severity import NewSeverity, SeverityPolicy
from bot.services.acknowledging.acknowledge import stop_ladder
from bot.services.escalation.decisions import Escalations
from bot.services.shared.changes import Change
from bot.services.shared.postings import LOUD, QUIET, posting_deliveries
from bot.services.shared.reminders import remind_later
from bot.storage.tables.deliveries import DeliveryWrites


async def declare_within(change: Change, severity: SeverityPolicy, escalations: Escalations) -> Incident:
    """Post a tracked alert as an incident of *severity*, with its thread.

    Under the same severity its deadline stays. The new post mentions people like any incident's, unless the
    alert is acknowledged or its own post could mention them. A higher severity mentions in any case.

    Raises:
        InvalidTransition: it has ended, or is an incident already.
    """
    before = change.incident
    if severity.name != before.severity and before.kind is IncidentKind.ALERT:
        await _regrade(change, severity, escalations)
    declared = transitions.declare(change.incident, thread_channel=severity.thread_channel)
    await change.save(declared)
    is_more_severe = severity.rank < change.policy.rules(before.severity).rank
    was_quiet = before.tracked.source is not None and not change.policy.alerts.rings
    is_news = before.status is Status.TRIGGERED and was_quiet
    tone = LOUD if is_more_severe or is_news else QUIET
    await DeliveryWrites(change.tx.sql).insert_deliveries(posting_deliveries(declared, severity, tone=tone))
    await change.record(DeclaredEntry())
    return change.incident


async def _regrade(change: Change, severity: SeverityPolicy, escalations: Escalations) -> None:
    """Apply another severity; the post that follows announces it."""
    before = change.incident
    clock = await escalations.clock(change.tx, before, severity, now=change.now)
    new = NewSeverity(
        name=severity.name,
        priority=severity.priority,
        ack_due_at=change.policy.ack_due(severity, at=clock.since),
        reposts=False,
        thread_channel=None,
        next_update_at=change.policy.update_due(severity, at=change.now),
        is_more_severe=severity.rank < change.policy.rules(before.severity).rank,
    )
    await change.save(transitions.change_severity(before, new))
    await stop_ladder(change.tx, before.id)
    if before.status is Status.TRIGGERED:
        await escalations.switch(change.tx, change.incident, severity, clock=clock, now=change.now)
    await remind_later(change.tx, change.incident, now=change.now)
    await change.record(SeverityChangedEntry(before=before.severity, after=severity.name, reason=""))
