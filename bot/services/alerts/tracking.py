"""Alerts of others: a message in a watched channel becomes a tracked alert, or counts on one."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import structlog

from bot.domain.alerts.alert import AlertMessage, FiredAlert, severity_at_start
from bot.domain.alerts.decisions import AlertDecision, AlertOutcome
from bot.domain.alerts.events import AlertFacts, AlertRule, Occurrence, rule_for
from bot.domain.alerts.questions import AlertLesson, AlertQuestion
from bot.domain.alerts.reading import beginnings, read_message
from bot.domain.alerts.recognition import Reading, Says, Unknown, alert_title, is_from, names_of
from bot.domain.dlq import REPLAYED_AS
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.severity import SeverityPolicy
from bot.runbook.model import Policy
from bot.services.alerts.opening import AlertCounting, AlertOpening, Decided
from bot.services.alerts.questions import MessageQuestions, as_incident
from bot.services.alerts.recoveries import Recoveries, identified
from bot.services.shared.contributions import count_message, has_fired
from bot.services.shared.jobs import refresh_job
from bot.storage.store import Store
from bot.storage.tables.alerts import AlertDecisionRows, AlertLessonRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Understood:
    """A message of a watched channel.

    Attributes:
        severity: The severity that it would be tracked under.
        rule: The policy's rule about it, if there is one.
        would_be: The facts that are kept when it is tracked or asked about, its fingerprint among them.
        is_readable: Something of it can be read.
        lesson: The number of the lesson by which it is read.
    """

    reading: Reading
    severity: SeverityPolicy
    rule: AlertRule | None
    would_be: AlertQuestion
    is_readable: bool
    lesson: int | None = None

    def as_taught(self, lesson: AlertLesson) -> "Understood":
        """Return the message as it is read by a lesson."""
        clues = (lesson.clue, *self.reading.clues)
        return replace(self, reading=replace(self.reading, says=lesson.says, clues=clues), lesson=lesson.id)

    @property
    def fingerprint(self) -> str:
        """Return the fingerprint that all messages of the same alert share."""
        return self.would_be.fingerprint

    @property
    def occurrence(self) -> Occurrence:
        """Return the message as one occurrence of its alert."""
        told, evidence = self.would_be, self.would_be.evidence
        return Occurrence(
            guild_id=told.guild_id,
            id=told.message_id,
            channel_id=told.channel_id,
            sender=told.sender,
            fingerprint=told.fingerprint,
            by=Person(id=evidence.author_id, name=evidence.author_name, is_bot=True),
            at=evidence.at,
            url=evidence.url,
            severity=self.severity,
            same_within=self.reading.same_within,
            is_readable=self.is_readable,
            title=told.title,
            target=told.target,
            rule=self.rule,
            subject=told.subject or "",
            is_success=self.reading.is_success,
            clues=self.reading.clues,
            lesson=self.lesson,
            team=told.team,
        )


class AlertReader:
    """Reads what monitors post, without the database.

    Args:
        replaying: The ids of the webhooks by which undelivered notifications are sent again.
    """

    def __init__(self, policy: Policy, *, replaying: Collection[int] = ()) -> None:
        self._policy = policy
        self._replaying = frozenset(replaying)

    def watches(self, message: AlertMessage) -> bool:
        """Return True for another app's message in a watched channel: a decision about it is recorded."""
        return self._is_watched(message) and not message.is_ours and (message.is_webhook or message.is_bot)

    def is_by_own_webhook(self, message: AlertMessage) -> bool:
        """Return True for a message in a watched channel by a webhook of the bot's own application."""
        return self._is_watched(message) and message.is_ours and message.is_webhook

    def passed_over(self, message: AlertMessage) -> AlertOutcome | None:
        """Return why a message that is watched is not even read; None for what may be an alert."""
        alerts, author = self._policy.alerts, {message.username, str(message.evidence.author_id)}
        if not message.is_webhook and author.isdisjoint(alerts.bots):
            return AlertOutcome.NOT_HEEDED
        if is_from(message, alerts.ignore):
            return AlertOutcome.IGNORED_SENDER
        by = message.evidence
        if message.is_webhook and by.author_id in self._replaying and by.author_name == REPLAYED_AS:
            return AlertOutcome.REPLAY  # an old notification, which must not page anyone
        return None

    def _is_watched(self, message: AlertMessage) -> bool:
        return not self._policy.alerts.watch.keys().isdisjoint({message.channel, str(message.channel_id)})

    def understand(self, message: AlertMessage) -> Understood | None:
        """Read a message; None if it is not watched, or passed over whatever it says.

        Nothing but its fingerprint is made of its secrets: see `AlertMessage.masked`.
        """
        if not self.watches(message) or self.passed_over(message) is not None:
            return None
        alerts, targets, shown = self._policy.alerts, self._policy.targets, message.masked()
        reading, said = self._read(message)
        told = reading if shown == message else self._read(shown)[0]
        severity = said or self._policy.severities[self._watched(message, alerts.watch)]
        target = shown.target(targets)
        title = alert_title(shown, told, alerts.names, alerts.shapes) or message.stand_in
        rule = rule_for(AlertFacts(title, target, names_of(message), severity.name), alerts.rules)
        if rule is not None and rule.becomes is not None:
            severity = self._policy.severities[rule.becomes]
        would_be = AlertQuestion(
            guild_id=message.guild_id,
            channel_id=message.channel_id,
            message_id=message.id,
            sender=message.sender,
            fingerprint=reading.fingerprint(message, alerts.fingerprint, target=message.target(targets)),
            severity=severity.name,
            title=title,
            target=target,
            subject=told.subject,
            evidence=shown.evidence,
            look=told.look,
            team=self._team(message, told),
        )
        kept = replace(reading, clues=told.clues, look=told.look)  # nothing of these is a secret
        return Understood(kept, severity, rule, would_be, is_readable=bool(message.title))

    def _read(self, message: AlertMessage) -> tuple[Reading, SeverityPolicy | None]:
        """Return what the message says, and the severity that its title begins with, if any."""
        reading = read_message(message, self._policy.alerts.patterns, self._policy.alerts.names)
        said = self._said_severity(message, reading)
        if reading.says is None and said is not None:  # it says how severe it is: that is an alert
            reading = replace(reading, says=Says.FIRING)
        return reading, said

    def _said_severity(self, message: AlertMessage, reading: Reading) -> SeverityPolicy | None:
        """Return the severity that the title begins with, if any."""
        known = self._policy.severities.values()
        words = {word: found for found in known for word in (found.name, found.priority)}
        lines = (*beginnings(message.title), reading.title)
        said = next((word for line in lines if (word := severity_at_start(line, words)) is not None), None)
        return None if said is None else words[said]

    def may_be_taught(self, understood: Understood) -> bool:
        """Return True if a lesson may decide about the message: only where nothing else does."""
        reading = understood.reading
        return bool(reading.look) and reading.says is None

    def unknown(self, message: AlertMessage) -> Unknown:
        """Return what becomes of a watched message that cannot be read."""
        alerts = self._policy.alerts
        return self._watched(message, alerts.unknown if message.title else alerts.unread)

    def _team(self, message: AlertMessage, reading: Reading) -> str | None:
        """Return the team of a watched message: the pattern's, else the channel's."""
        if reading.pattern is not None and reading.pattern.team is not None:
            return reading.pattern.team
        teams = self._policy.alerts.teams
        return teams.get(message.channel) or teams.get(str(message.channel_id))

    def _watched(self, message: AlertMessage, of: Mapping[str, _Value]) -> _Value:
        """Return the value of *of* for the message's channel, which must be watched."""
        return of[message.channel if message.channel in of else str(message.channel_id)]


class AlertTracking(AlertReader):
    """Tracks what monitors post.

    Args:
        replaying: As in `AlertReader`.
    """

    def __init__(
        self,
        store: Store,
        policy: Policy,
        opening: AlertOpening,
        recoveries: Recoveries,
        questions: MessageQuestions,
        *,
        replaying: Collection[int] = (),
    ) -> None:
        super().__init__(policy, replaying=replaying)
        self._store = store
        self._opening = opening
        self._recoveries = recoveries
        self._questions = questions
        self._counting = AlertCounting(policy)

    async def receive(self, message: AlertMessage) -> Incident | None:
        """Handle a monitor's message. A second call with the same one, on any instance, changes nothing.

        An alert is tracked. The same alert within ``same_within`` is counted on the first one, unless its
        severity is higher. One that the team has muted opens nothing. A recovery closes its alert or is noted
        on it. A message that the bot cannot read is tracked, asked about or passed over, as its channel's
        policy says. What people have taught about messages that look like it decides first.

        Returns:
            The incident that the message opened or was counted on; None when there is none.
        """
        understood = await self.read(message)
        if understood is None:
            if self.watches(message) and (outcome := self.passed_over(message)) is not None:
                await self._record(AlertDecision.on_message(message.masked(), outcome))
            return None
        match understood.reading.says, self.unknown(message):
            case (Says.FIRING, _) | (None, Unknown.TRACK):
                return await self._track(understood)
            case Says.RESOLVED, _:
                await self._recoveries.receive(understood.occurrence)
            case None, (Unknown.ASK | Unknown.ASK_THEN_TRACK) as asks:
                return await self._track(understood, asks=asks)
            case Says.CHATTER, _:
                await self.pass_over(understood, AlertOutcome.CHATTER)
            case _:
                await self.pass_over(understood, AlertOutcome.UNKNOWN)
        return None

    async def read(self, message: AlertMessage) -> Understood | None:
        """Read a message as `understand` does, and as people have taught about those that look like it."""
        return await read_as_taught(self._store, self, message)

    async def pass_over(self, understood: Understood, outcome: AlertOutcome) -> None:
        """Record that a message is not tracked."""
        says = understood.reading.says
        await self._record(AlertDecision.on(understood.occurrence, outcome, says=says))

    async def _record(self, decided: AlertDecision) -> None:
        async with self._store.at_once() as tx:
            await AlertDecisionRows(tx.sql).decide(decided)

    def opens(self, message: AlertMessage, understood: Understood) -> bool:
        """Return True if a message is tracked as an alert unless something known of it stops that."""
        says = understood.reading.says
        return says is Says.FIRING or (says is None and self.unknown(message) is Unknown.TRACK)

    async def show_count(self, incident_id: int) -> None:
        """Let the posts say how often it came: one edit for all that came meanwhile."""
        async with self._store.transaction() as tx:
            incident = await IncidentRows(tx.sql).incident(incident_id)
            await tx.enqueue(refresh_job(incident, severity=self._policy.rules_of(incident)))

    async def _track(self, understood: Understood, *, asks: Unknown | None = None) -> Incident | None:
        """Count the message on the same alert if that is tracked; else track it, or ask as *asks* says."""
        async with self._store.transaction() as tx:
            said = await identified(tx, understood.occurrence)
            known = await AlertDecisionRows(tx.sql).handled_message(said)
            if known is not None:
                return (
                    None
                    if known.incident_id is None
                    else await IncidentRows(tx.sql).incident(known.incident_id)
                )
            would_be = replace(understood.would_be, fingerprint=said.fingerprint)
            decided = await self._decide(tx, replace(understood, would_be=would_be), asks=asks)
            decision = decided.about(said, says=understood.reading.says)
            if decided.incident is None:
                await AlertDecisionRows(tx.sql).decide(decision)
            else:
                await count_message(tx, self._policy, decision)
        number, outcome = decision.incident_id, decided.outcome
        log.info("alert.decided", outcome=outcome, incident_id=number, message_id=said.id)
        return decided.incident

    async def _decide(self, tx: Transaction, understood: Understood, *, asks: Unknown | None) -> Decided:
        said = understood.occurrence
        if same := await self._counting.same(tx, said):
            return Decided(AlertOutcome.COUNTED, await self._counting.count(tx, same, said))
        if (passed_over := await self._opening.passed_over(tx, said)) is not None:
            if passed_over.outcome is AlertOutcome.MUTED:
                muted = understood.would_be  # the team passes over an alert that still fires
                fired = FiredAlert(muted.guild_id, muted.fingerprint, muted.evidence.at)
                await has_fired(tx, self._policy, fired)
            return passed_over
        if asks is None:
            # Its deadline counts from the message, however late that is read.
            new = replace(as_incident(understood.would_be), triggered_at=said.at)
            return await self._opening.open(tx, said, new)
        return await self._ask(tx, understood, asks)

    async def _ask(self, tx: Transaction, understood: Understood, asks: Unknown) -> Decided:
        """Ask about the message, unless its sender is ignored, or what would be tracked is kept back."""
        asked, then_tracks = understood.would_be, asks is Unknown.ASK_THEN_TRACK
        if await self._questions.is_ignored(tx, asked):
            return Decided(AlertOutcome.NOT_ASKED)
        if then_tracks:
            kept = await self._opening.kept_back(tx, understood.occurrence, as_incident(asked))
            if kept.outcome is not AlertOutcome.TRACKED:
                return kept
        return Decided(await self._questions.ask(tx, asked, then_tracks=then_tracks))


async def read_as_taught(store: Store, reader: AlertReader, message: AlertMessage) -> Understood | None:
    """Read a message with what people have taught about those that look like it."""
    understood = reader.understand(message)
    if understood is None or not reader.may_be_taught(understood):
        return understood
    lesson = await AlertLessonRows(store.sql).alert_lesson(
        message.guild_id, message.sender, understood.reading.look
    )
    return understood if lesson is None else understood.as_taught(lesson)
