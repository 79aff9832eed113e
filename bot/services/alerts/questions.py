"""Monitors' messages that the bot cannot read: it asks in the channel whether one is an alert."""

from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Final

import structlog

from bot.domain.alerts.decisions import AlertDecision, AlertOutcome
from bot.domain.alerts.questions import AlertAnswer, AlertQuestion, AlertQuestionData, QuestionView
from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import Delivery, NewDelivery, priority_of
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import UserError
from bot.domain.incident.incident import Incident, IncidentKind, NewIncident
from bot.domain.incident.parts import Source
from bot.domain.jobs import IN_LINE, Job, JobName
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.delivery.handling import DeliveryHandler
from bot.services.incidents.opening import Incidents
from bot.services.ports import Discord
from bot.services.shared.access import Access
from bot.services.shared.contributions import count_message
from bot.storage.store import Store
from bot.storage.tables.alerts import AlertQuestionRows, AlertRows
from bot.storage.tables.deliveries import DeliveryRows, DeliveryWrites
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import AuditWrites
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)

#: Unanswered questions about one sender within ``same_within``, at most: a sender that posts every second
#: must not fill the channel with questions.
MOST_UNANSWERED: Final = 5

#: Characters of a message that a DM about it shows.
_SAID_LIMIT: Final = 600
_SOON: Final = timedelta(seconds=1)

#: Answers that may still be changed: the message is an alert after all, or its sender is to be ignored.
_NO_ALERT: Final = frozenset({None, AlertAnswer.RESOLVED, AlertAnswer.CHATTER})

#: The key below ``[permissions]`` that allows an answer: people who may report an incident may also say that
#: a message is not one.
ANSWERING: Final = "triage"


class MessageQuestions:
    """Asks about messages, and does what is answered.

    An answer raises NotPermitted, and UserError if there is no such question or it was answered before.
    """

    def __init__(
        self, store: Store, discord: Discord, policy: Policy, access: Access, incidents: Incidents
    ) -> None:
        self._store = store
        self._discord = discord
        self._policy = policy
        self._access = access
        self._incidents = incidents

    async def is_ignored(self, tx: Transaction, question: AlertQuestion) -> bool:
        """Return True if a person has said that the message's sender is to be ignored."""
        return await AlertQuestionRows(tx.sql).is_ignored_sender(
            question.guild_id, question.channel_id, question.sender
        )

    async def ask(
        self, tx: Transaction, question: AlertQuestion, *, then_tracks: bool = False
    ) -> AlertOutcome:
        """Queue the quiet question in the caller's transaction.

        Within ``same_within`` the bot asks about the same message once, and leaves at most `MOST_UNANSWERED`
        questions about a sender.

        Args:
            then_tracks: The people of the ladder's first step are asked by DM as well, and the message is
                tracked if nobody answers within ``unanswered_after``, whether or not it was asked about.

        Returns:
            ASKED; WAITING if it is only tracked later; NOT_ASKED if it was asked about before.
        """
        alerts, now = self._policy.alerts, await tx.now()
        if then_tracks:
            question = replace(question, tracks_at=now + alerts.unanswered_after)
        is_shown = await AlertQuestionRows(tx.sql).ask_about_alert(
            question, since=now - alerts.same_within, most=MOST_UNANSWERED
        )
        if is_shown is None:
            return AlertOutcome.NOT_ASKED
        if then_tracks:
            payload = f"{question.guild_id}:{question.message_id}"
            await tx.enqueue(
                Job(
                    JobName.TRACK_UNANSWERED,
                    payload,
                    f"track_unanswered:{payload}",
                    priority=priority_of(self._policy.rules(question.severity).rank),
                    after=alerts.unanswered_after,
                )
            )
        outcome = AlertOutcome.ASKED if is_shown else AlertOutcome.WAITING
        if is_shown:
            await DeliveryWrites(tx.sql).insert_deliveries(
                [
                    NewDelivery(
                        kind=DeliveryKind.ALERT_QUESTION,
                        to=f"channel:{question.channel_id}",
                        key=_question_key(question.message_id),
                        guild_id=question.guild_id,
                        data=_told(question).to_json(),
                    ),
                    *self._dms(question),
                ]
            )
        log.info(
            "alert.asked_about",
            channel_id=question.channel_id,
            message_id=question.message_id,
            outcome=outcome,
        )
        return outcome

    async def track(self, message_id: int, *, guild_id: int, by: Person) -> Incident:
        """Track the message as an alert, like one that the bot can read."""
        await self._access.require(by, ANSWERING, guild_id=guild_id, act="track_alert")
        async with self._store.transaction() as tx:
            question = await asked_question(tx, message_id, guild_id)
            if question.answer not in _NO_ALERT:
                require_open(question)
            if question.severity not in self._policy.severities:
                raise UserError("severity_unknown", value=question.severity)
            incident = await self._track(tx, question, by=by)
        log.info("alert.tracked", incident_id=incident.id, user_id=by.id)
        return incident

    async def track_unanswered(self, guild_id: int, message_id: int) -> timedelta | None:
        """Track a message about which nobody has answered in time. Handler of the job track_unanswered.

        Returns:
            When to come again; None: there is nothing left to do.
        """
        async with self._store.transaction() as tx:
            question = await AlertQuestionRows(tx.sql).alert_question(message_id, guild_id=guild_id)
            if question is None or question.answer is not None or question.tracks_at is None:
                return None
            if (left := question.tracks_at - await tx.now()) > timedelta():
                return max(left, _SOON)
            known = self._policy.rules(question.severity).name  # the policy may have changed meanwhile
            incident = await self._track(tx, replace(question, severity=known), by=None)
        log.info("alert.tracked_unanswered", incident_id=incident.id, message_id=message_id)
        return None

    async def _track(self, tx: Transaction, question: AlertQuestion, *, by: Person | None) -> Incident:
        await AlertRows(tx.sql).lock_fingerprint(question.guild_id, question.fingerprint)
        # Another message of the same alert may have opened it already.
        since = await tx.now() - self._policy.alerts.same_within
        incident = await AlertRows(tx.sql).same_alert(
            question.guild_id, question.fingerprint, since=since, lesser=()
        ) or await self._incidents.open_within(tx, as_incident(question), by=by)
        decided = AlertDecision.on_answer(question, AlertOutcome.TRACKED, incident=incident)
        await count_message(tx, self._policy, decided)
        await AlertQuestionRows(tx.sql).answer_alert_question(question.message_id, AlertAnswer.TRACKED, by=by)
        await show_answer(tx, question.message_id)
        return incident

    async def ignore(self, message_id: int, *, guild_id: int, by: Person) -> AlertQuestion:
        """Ignore the message's sender in its channel: the bot asks no more, but still tracks clear alerts.

        What it has posted there and waits to be tracked is ignored as well.
        """
        await self._access.require(by, ANSWERING, guild_id=guild_id, act="ignore_sender")
        async with self._store.transaction() as tx:
            question = await asked_question(tx, message_id, guild_id)
            if question.answer not in _NO_ALERT:
                require_open(question)
            await AlertQuestionRows(tx.sql).answer_alert_question(message_id, AlertAnswer.IGNORED, by=by)
            await AlertQuestionRows(tx.sql).ignore_sender(
                guild_id, question.channel_id, question.sender, by=by
            )
            await audit_answer(tx, question, by=by, action="sender_ignored")
            await show_answer(tx, message_id)
            others = await AlertQuestionRows(tx.sql).open_questions(question, look=None)
        for other_id in others:  # one at a time: two people may ignore at once
            async with self._store.transaction() as tx:
                other = await AlertQuestionRows(tx.sql).alert_question(other_id, guild_id=guild_id)
                if other is not None and other.answer is None:
                    await AlertQuestionRows(tx.sql).answer_alert_question(
                        other_id, AlertAnswer.IGNORED, by=by
                    )
                    await show_answer(tx, other_id)
        return question

    async def heed(self, message_id: int, *, guild_id: int, by: Person) -> AlertQuestion:
        """Stop ignoring the sender of the message."""
        await self._access.require(by, ANSWERING, guild_id=guild_id, act="heed_sender")
        async with self._store.transaction() as tx:
            question = await asked_question(tx, message_id, guild_id)
            if not await AlertQuestionRows(tx.sql).heed_sender(
                guild_id, question.channel_id, question.sender
            ):
                raise UserError("sender_not_ignored", sender=question.evidence.author_name)
            if question.answer is AlertAnswer.IGNORED:
                await AlertQuestionRows(tx.sql).answer_alert_question(message_id, None, by=by)
            await audit_answer(tx, question, by=by, action="sender_heeded")
            await show_answer(tx, message_id)
        return question

    async def refresh(self, line_id: int) -> None:
        """Make a line say what was answered. Handler of the queue's refresh_question job.

        Raises:
            UpstreamUnavailable: the queue tries again.
        """
        line = await DeliveryRows(self._store.sql).delivery(line_id)
        message_id = AlertQuestionData.from_json(line.data).answers
        async with self._store.transaction() as tx:
            question = await AlertQuestionRows(tx.sql).alert_question(message_id, guild_id=line.guild_id)
            is_tracked = question is not None and question.answer is AlertAnswer.TRACKED
            number = await AlertRows(tx.sql).alert_of_message(message_id) if is_tracked else None
            incident = None if number is None else await IncidentRows(tx.sql).incident(number)
        if question is not None and line.message_id is not None:
            await self._discord.redraw(line, QuestionView(question, incident))

    def _dms(self, question: AlertQuestion) -> list[NewDelivery]:
        """Return the DMs to the people of the ladder's first step, if the message is tracked later."""
        if question.tracks_at is None:
            return []
        team = self._policy.team_of(() if question.target is None else (question.target,), said=question.team)
        severity, evidence = self._policy.rules(question.severity, team=team), question.evidence
        places = next((step.dm for step in severity.ladder if step.dm), ())
        told = replace(_told(question), said=evidence.text[:_SAID_LIMIT], url=evidence.url)
        return [
            NewDelivery(
                kind=DeliveryKind.ALERT_QUESTION_DM,
                to=f"person:{place}",
                key=_dm_key(question.message_id, nth),
                guild_id=question.guild_id,
                data=told.to_json(),
                priority=priority_of(severity.rank),
            )
            for nth, place in enumerate(dict.fromkeys(places))
        ]


class QuestionDeliveries(DeliveryHandler):
    """Handles the questions in the channel and by DM: those that were answered before they were sent."""

    def __init__(self) -> None:
        super().__init__(DeliveryKind.ALERT_QUESTION, DeliveryKind.ALERT_QUESTION_DM)

    async def is_obsolete(self, tx: Transaction, delivery: Delivery) -> bool:
        """Return True for a DM when somebody has answered, or the time was over."""
        return delivery.kind is DeliveryKind.ALERT_QUESTION_DM and await _is_answered(tx, delivery)

    async def sent(self, tx: Transaction, delivery: Delivery) -> None:
        """Let the message show the answer, if that came while it was being sent."""
        if await _is_answered(tx, delivery):
            await tx.enqueue(_refresh_job(delivery.id))


def as_incident(question: AlertQuestion) -> NewIncident:
    """Return the alert to track for the message that *question* is about."""
    evidence = question.evidence
    author = Person(id=evidence.author_id, name=evidence.author_name, is_bot=True)
    return NewIncident(
        guild_id=question.guild_id,
        severity=question.severity,
        title=question.title,
        targets=() if question.target is None else (question.target,),
        symptoms=(),
        started_at=evidence.at,
        reported_by=author,
        path=(),
        key=f"alert:{question.message_id}",
        evidence=evidence,
        kind=IncidentKind.ALERT,
        source=Source(question.channel_id, question.message_id, author.name),
        fingerprint=question.fingerprint,
        subject=question.subject,
        team=question.team,
    )


def _question_key(message_id: int) -> str:
    """Return the key of the delivery that asks about a message."""
    return f"alert_question:{message_id}"


def _dm_key(message_id: int, nth: int) -> str:
    """Return the key of the *nth* delivery, from 0, that asks about a message by DM."""
    return f"{_question_key(message_id)}:dm:{nth}"


async def show_answer(tx: Transaction, message_id: int) -> None:
    """Queue edits of the questions about a message, if there are any, to show the answer.

    They do not depend on the reply to the person who answered.
    """
    line, dms = await DeliveryRows(tx.sql).delivery_by_key(_question_key(message_id)), count()
    while line is not None:
        await tx.enqueue(_refresh_job(line.id))
        line = await DeliveryRows(tx.sql).delivery_by_key(_dm_key(message_id, next(dms)))


def _refresh_job(line_id: int) -> Job:
    key = f"refresh_question:{line_id}"
    return Job(JobName.REFRESH_QUESTION, str(line_id), key, sooner=True, patience=IN_LINE)


async def _is_answered(tx: Transaction, delivery: Delivery) -> bool:
    message_id = AlertQuestionData.from_json(delivery.data).answers
    question = await AlertQuestionRows(tx.sql).alert_question(message_id, guild_id=delivery.guild_id)
    return question is not None and question.answer is not None


def _told(question: AlertQuestion) -> AlertQuestionData:
    return AlertQuestionData(
        answers=question.message_id,
        sender=question.evidence.author_name,
        title=question.title,
        severity=question.severity,
        tracks_at=question.tracks_at,
    )


async def asked_question(tx: Transaction, message_id: int, guild_id: int) -> AlertQuestion:
    """Lock and return the question about a message. Raises UserError if there is none."""
    question = await AlertQuestionRows(tx.sql).alert_question(message_id, guild_id=guild_id)
    if question is None:
        raise UserError("alert_not_asked")
    return question


def require_open(question: AlertQuestion) -> None:
    """Raise UserError if the question has an answer."""
    if question.answer is AlertAnswer.TRACKED and question.answered_by_name is None:
        raise UserError("alert_tracked_unanswered")
    if question.answer is not None:
        by, sender = question.answered_by_name, question.evidence.author_name
        raise UserError(f"alert_{question.answer.value}_before", by=by, sender=sender)


async def audit_answer(tx: Transaction, question: AlertQuestion, *, by: Person, action: str) -> None:
    """Record in the audit what a person has answered."""
    facts = {"channel_id": question.channel_id, "sender": question.sender, "message_id": question.message_id}
    await AuditWrites(tx.sql).audit(
        guild_id=question.guild_id, by=by, action=action, data=AuditData(facts=facts)
    )
