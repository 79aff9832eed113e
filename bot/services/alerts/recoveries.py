"""Recoveries that monitors post: an unacknowledged alert is closed, other incidents get a note.

First, which alert of its sender a message is about, when fingerprints alone do not tell.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import structlog

from bot.domain.alerts.decisions import AlertDecision, AlertOutcome
from bot.domain.alerts.events import KnownAlert, Occurrence
from bot.domain.alerts.questions import AlertAnswer, RecoveredEntry, RecoveredNotice
from bot.domain.alerts.reading import ended_by, is_same_title, repeats, same_subject
from bot.domain.alerts.recognition import Says
from bot.domain.alerts.subject import words_of
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, IncidentKind, Status
from bot.domain.incident.records import ResolvedNotice
from bot.runbook.model import Policy
from bot.services.alerts.questions import show_answer
from bot.services.incidents.lifecycle import Lifecycle
from bot.services.shared.changes import Change
from bot.storage.store import Store
from bot.storage.tables.alerts import AlertDecisionRows, AlertQuestionRows, AlertRows
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)


async def identified(tx: Transaction, said: Occurrence, *, is_over: bool = False) -> Occurrence:
    """Lock decisions about a sender's alerts, and return the message with the fingerprint of its alert.

    That is its own, unless an alert of its sender is open or muted that is about the same and has another
    one: a version before this one, or a policy before its last edit, made it otherwise.

    Args:
        is_over: The message says that an alert is over: without one that is about the same, it is about the
            one that it clearly resembles most.
    """
    await AlertRows(tx.sql).lock_fingerprint(said.guild_id, f"{said.channel_id}:{said.sender}")
    await AlertRows(tx.sql).lock_fingerprint(said.guild_id, said.fingerprint)
    if not said.subject:
        return said
    known = await AlertRows(tx.sql).alerts_of_sender(said.guild_id, said.channel_id, said.sender)
    found = about(said, known) if is_over else _same(said, known)
    if found is None or found.fingerprint == said.fingerprint:
        return said
    await AlertRows(tx.sql).lock_fingerprint(said.guild_id, found.fingerprint)
    return replace(said, fingerprint=found.fingerprint)


def about(recovery: Occurrence, known: Sequence[KnownAlert]) -> KnownAlert | None:
    """Return the one of *known* that a recovery is about: the same, else the one that it resembles."""
    if (found := _same(recovery, known)) is not None or not recovery.subject:
        return found
    # A merge leaves several alerts of one fingerprint: only the newest counts.
    newest = {one.fingerprint: one for one in reversed(known)}.values()
    subjects = {one.number: words_of(one.title) if one.subject is None else one.subject for one in newest}
    number = ended_by(recovery.subject, subjects, is_success=recovery.is_success)
    return next((one for one in known if one.number == number), None)


def over_among(messages: Iterable[tuple[Says | None, Occurrence]]) -> frozenset[int]:
    """Return the ids of the alerts in *messages*, oldest first, that a later one of them says are over."""
    over: set[int] = set()
    firing: dict[tuple[int, str], list[KnownAlert]] = {}
    for says, said in messages:
        known = firing.setdefault((said.channel_id, said.sender), [])
        if says is Says.FIRING:
            known.append(KnownAlert(said.id, said.fingerprint, said.title, said.subject or None))
        elif says is Says.RESOLVED:
            ended = about(said, known)
            if ended is not None:
                over |= {one.number for one in known if one.fingerprint == ended.fingerprint}
                known[:] = [one for one in known if one.fingerprint != ended.fingerprint]
    return frozenset(over)


def _same(said: Occurrence, known: Sequence[KnownAlert]) -> KnownAlert | None:
    """Return the alert of *said*: of its fingerprint, else about the same."""
    by_fingerprint = next((one for one in known if one.fingerprint == said.fingerprint), None)
    return by_fingerprint or next((one for one in known if _is_about_the_same(said, one)), None)


def _is_about_the_same(said: Occurrence, known: KnownAlert) -> bool:
    if known.subject is None:
        return is_same_title(said.subject, known.title)
    # What only resembles a muted alert must not be silent.
    return same_subject(said.subject, known.subject) or (
        known.is_open and repeats(said.subject, known.subject)
    )


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
                # Answer the question about what is over now: it must not be tracked because nobody has
                # answered.
                waiting = await AlertQuestionRows(tx.sql).waiting_questions(
                    said.guild_id, said.channel_id, said.sender
                )
                if (asked := about(said, waiting)) is not None:
                    await AlertQuestionRows(tx.sql).answer_alert_question(
                        asked.number, AlertAnswer.RESOLVED, by=said.by
                    )
                    await show_answer(tx, asked.number)
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
