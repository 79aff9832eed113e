"""Recoveries that monitors post: an unacknowledged alert is closed, other incidents get a note."""

import structlog

from bot.domain.alerts.decisions import AlertDecision, AlertOutcome
from bot.domain.alerts.events import Occurrence
from bot.domain.alerts.questions import AlertAnswer, RecoveredEntry, RecoveredNotice
from bot.domain.alerts.recognition import Says
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, IncidentKind, Status
from bot.domain.incident.records import ResolvedNotice
from bot.runbook.model import Policy
from bot.services.alerts.identity import about, identified
from bot.services.alerts.questions import show_answer
from bot.services.incidents.lifecycle import Lifecycle
from bot.services.shared.changes import Change
from bot.storage.store import Store
from bot.storage.tables.alerts import AlertDecisionRows, AlertQuestionRows, AlertRows
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)


class Recoveries:
    """Ends or notes what a recovery is about."""

    def __init__(self, store: Store, policy: Policy, lifecycle: Lifecycle) -> None:
        self._store = store
        self._policy = policy
        self._lifecycle = lifecycle

    async def receive(self, said: Occurrence) -> None:
        """Record a recovery, once for each message however often it is read.

        It is about the alert of its fingerprint, else the one of its sender that it clearly resembles most.
        An alert that has fired again after the message stays open. An alert that several monitors post, or
        one monitor in several channels, is closed when each of them has recovered: until then it may fire.
        """
        async with self._store.transaction() as tx:
            said = await identified(tx, said, is_over=True)
            outcome, incident = await self.receive_within(tx, said)
            if incident is None:
                await _answer_question(tx, said)
            await AlertDecisionRows(tx.sql).decide(
                AlertDecision.on(said, outcome, says=Says.RESOLVED, incident=incident)
            )

    async def receive_within(self, tx: Transaction, said: Occurrence) -> tuple[AlertOutcome, Incident | None]:
        """Handle a recovery in the caller's transaction, which has locked the fingerprint.

        Returns:
            What became of it, for the caller to record, and the oldest incident that it is about.
        """
        firing = await AlertRows(tx.sql).firing_alerts(
            said.guild_id,
            said.fingerprint,
            before=said.id,
            channel_id=said.channel_id,
            sender=said.sender,
        )
        for incident, is_over in firing:
            is_new = await AlertRows(tx.sql).note_recovery(
                incident.id, message_id=said.id, channel_id=said.channel_id, sender=said.sender
            )
            if is_new:
                await self._recover(tx, incident, said, is_over=is_over)
        return (AlertOutcome.RECOVERED, firing[0][0]) if firing else (AlertOutcome.NOTHING_OPEN, None)

    async def _recover(self, tx: Transaction, incident: Incident, said: Occurrence, *, is_over: bool) -> None:
        monitor = said.by
        change = Change(tx, self._policy, incident, monitor, await tx.now())
        untouched = incident.kind is IncidentKind.ALERT and incident.status is Status.TRIGGERED
        if untouched and is_over and self._policy.alerts.closes:
            ended = transitions.resolve(
                incident, by=monitor, at=change.now, archive_at=self._lifecycle.archive_at(change)
            )
            await self._lifecycle.end(change, ended, ResolvedNotice(at=change.now, url=said.url))
            log.info("alert.recovered", incident_id=incident.id)
            return
        key = f"recovered:{said.id}"
        told = RecoveredNotice(url=said.url)
        await change.record(RecoveredEntry(url=told.url), line=key)
        await change.say(told, key=key)
        log.info("alert.recovery_noted", incident_id=incident.id)


async def _answer_question(tx: Transaction, said: Occurrence) -> None:
    """Answer the question about what is over now: it must not be tracked because nobody has answered."""
    waiting = await AlertQuestionRows(tx.sql).waiting_questions(said.guild_id, said.channel_id, said.sender)
    if (asked := about(said, waiting)) is not None:
        await AlertQuestionRows(tx.sql).answer_alert_question(asked.number, AlertAnswer.RESOLVED, by=said.by)
        await show_answer(tx, asked.number)
