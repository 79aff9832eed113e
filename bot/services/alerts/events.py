"""Alerts that come as events, from hooks and probes: the same rules as for messages, without a message."""

import asyncio
from dataclasses import replace
from datetime import UTC
from typing import Final

import structlog

from bot.domain.alerts.alert import TARGET_LIMIT, first_line
from bot.domain.alerts.decisions import AlertDecision, AlertOutcome
from bot.domain.alerts.events import (
    NO_CHANNEL,
    AlertEvent,
    AlertFacts,
    AlertSender,
    EventOrigin,
    Occurrence,
    rule_for,
)
from bot.domain.alerts.recognition import Says
from bot.domain.incident.incident import Incident, IncidentKind, NewIncident
from bot.domain.incident.parts import AlertOrigin
from bot.domain.people import Person
from bot.domain.triage.session import EVIDENCE_LIMIT, Evidence
from bot.runbook.model import Policy
from bot.services.alerts.opening import AlertCounting, AlertOpening, Decided
from bot.services.alerts.recoveries import Recoveries
from bot.services.incidents.severity_change import Cause, Regrading
from bot.services.shared.changes import Change
from bot.services.shared.contributions import fired_in, has_fired
from bot.storage.store import Store
from bot.storage.tables.alerts import AlertDecisionRows, AlertEventRows, AlertRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)

#: Characters of an event from which a thread masks it: the event loop has other work.
_LARGE: Final = 16_384

#: The id of a monitor, which is no user of Discord.
NO_USER = 0


class AlertEvents:
    """Opens and ends alerts from the events that monitors send by hook."""

    def __init__(
        self,
        store: Store,
        policy: Policy,
        opening: AlertOpening,
        recoveries: Recoveries,
        regrading: Regrading,
    ) -> None:
        self._store = store
        self._policy = policy
        self._opening = opening
        self._recoveries = recoveries
        self._regrading = regrading
        self._counting = AlertCounting(policy)

    async def receive_event(
        self, event: AlertEvent, sender: AlertSender, origin: EventOrigin
    ) -> Incident | None:
        """Handle one event. A second call with the same origin, on any instance, changes nothing.

        An alert that fires is tracked and posted. While it is open, it is counted; if it is more severe by
        now, its severity is raised. An alert that is over is closed, or that is noted on it, as for messages.
        What was over before it was received as firing opens nothing. Secrets are masked before anything
        of the event is compared, stored or posted.

        Returns:
            The incident that was opened, counted on or ended; None without one.

        Raises:
            StorageUnavailable: nothing was changed.
        """
        event = await _masked(event)
        said = occurrence_of(event, sender, origin, self._policy)
        if event.says is Says.CHATTER:
            async with self._store.at_once() as tx:
                await AlertDecisionRows(tx.sql).decide(
                    AlertDecision.on(said, AlertOutcome.CHATTER, says=event.says)
                )
            return None
        async with self._store.transaction() as tx:
            await AlertRows(tx.sql).lock_fingerprint(said.guild_id, said.fingerprint)
            known = await AlertEventRows(tx.sql).alert_event(said)
            if known is not None:
                return (
                    None
                    if known.incident_id is None
                    else await IncidentRows(tx.sql).incident(known.incident_id)
                )
            if event.says is Says.RESOLVED:
                decided = Decided(*await self._recoveries.receive_within(tx, said))
            else:
                decided = await self._fire(tx, said, as_incident(event, sender, said))
            decision = decided.about(said, says=event.says)
            if await AlertEventRows(tx.sql).note_alert_event(decision):
                await has_fired(tx, self._policy, fired_in(decision))
        number, outcome = decision.incident_id, decided.outcome
        log.info("alert.event_received", sender=sender.name, outcome=outcome, incident_id=number)
        return decided.incident

    async def _fire(self, tx: Transaction, said: Occurrence, new: NewIncident) -> Decided:
        if same := await self._counting.same(tx, said):
            if (
                same.triggered_at == said.at
                and await IncidentRows(tx.sql).incident_by_key(_raised_key(said)) == same
            ):
                return Decided(AlertOutcome.TRACKED, same)  # this very event has raised it
            return Decided(AlertOutcome.COUNTED, await self._counting.count(tx, same, said))
        lesser = await self._counting.same(tx, said, or_lesser=True)
        if lesser is not None and lesser.kind is IncidentKind.ALERT:  # people decide about an incident
            incident = await self._counting.count(tx, lesser, said)
            change = Change(tx, self._policy, incident, said.by, await tx.now())
            regraded = await self._regrading.regrade(change, said.severity, why=Cause())
            return Decided(AlertOutcome.COUNTED, regraded.incident)
        if await AlertEventRows(tx.sql).is_over_since(said):
            return Decided(AlertOutcome.OVER_BEFORE)
        return await self._opening.passed_over(tx, said) or await self._opening.open(tx, said, new)


async def unrecorded(
    given: AlertEvent, sender: AlertSender, origin: EventOrigin, policy: Policy
) -> NewIncident | None:
    """Return the alert to raise for an event that cannot be recorded now.

    None for one that does not fire, or that a rule of the policy stops.
    """
    if given.says is not Says.FIRING:
        return None
    event = await _masked(given)
    said = occurrence_of(event, sender, origin, policy)
    is_stopped = said.rule is not None and (said.rule.ignores or said.rule.only_after is not None)
    return None if is_stopped else replace(as_incident(event, sender, said), key=_raised_key(said))


def occurrence_of(event: AlertEvent, sender: AlertSender, origin: EventOrigin, policy: Policy) -> Occurrence:
    """Return what the rules for messages and events are compared with."""
    severity = sender.severity_of(event, policy.severities.values())
    title = event.line or sender.label
    target = first_line(sender.target_of(event), limit=TARGET_LIMIT) or None
    facts = AlertFacts(title, target, (sender.name, sender.label), severity)
    rule = rule_for(facts, policy.alerts.rules)
    return Occurrence(
        guild_id=origin.guild_id,
        id=origin.id,
        channel_id=NO_CHANNEL,
        sender=sender.name,
        fingerprint=event.fingerprint(sender.name),
        by=Person(id=NO_USER, name=sender.label, is_bot=True),
        at=origin.at,
        url=event.link or "",
        severity=policy.rules((rule and rule.becomes) or severity),
        same_within=sender.same_within,
        nth=origin.nth,
        title=title,
        target=target,
        rule=rule,
        team=sender.team,
        channel=sender.channel,
    )


def as_incident(event: AlertEvent, sender: AlertSender, said: Occurrence) -> NewIncident:
    """Build the new incident of an alert from the event that fired."""
    return NewIncident(
        guild_id=said.guild_id,
        severity=said.severity.name,
        title=said.title,
        targets=() if said.target is None else (said.target,),
        symptoms=(),
        started_at=event.started_at or said.at,
        reported_by=said.by,
        path=(),
        key=f"event:{said.guild_id}:{sender.name}:{said.id}:{said.nth}",
        evidence=Evidence(
            text=(event.text or event.title)[:EVIDENCE_LIMIT],
            author_id=said.by.id,
            author_name=said.by.name,
            url=said.url,
            at=said.at,
        ),
        kind=IncidentKind.ALERT,
        fingerprint=said.fingerprint,
        triggered_at=said.at,
        origin=AlertOrigin(sender.name, sender.label, said.url, sender.channel or ""),
        team=sender.team,
    )


def _raised_key(said: Occurrence) -> str:
    """Return the key of the incident that an event raises without the database, which would number it."""
    at = said.at.astimezone(UTC).isoformat()
    return f"raised:{said.guild_id}:{said.sender}:{said.fingerprint}:{at}"


async def _masked(event: AlertEvent) -> AlertEvent:
    is_large = len(event.title) + len(event.text) + len(event.target or "") + len(event.url or "") > _LARGE
    return await asyncio.to_thread(event.masked) if is_large else event.masked()
