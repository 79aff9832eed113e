"""Monitors' messages that the bot cannot read: it asks in the channel whether one is an alert."""

from typing import Final

import structlog

from bot.domain.alerts.alert import FiredAlert
from bot.domain.alerts.decisions import AlertDecision, AlertOutcome
from bot.domain.alerts.payloads import AlertQuestionData
from bot.domain.alerts.question import AlertAnswer, AlertQuestion, QuestionView
from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import NewDelivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import UserError
from bot.domain.incident.incident import Incident, IncidentKind
from bot.domain.incident.locations import Source
from bot.domain.incident.opening import NewIncident
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.incidents.opening import Incidents
from bot.services.ports import IN_LINE, Discord, Job, JobName, Store, Transaction
from bot.services.ports.store.alerts.alerts import AlertQuestions
from bot.services.ports.store.timeline import AuditWrites
from bot.services.shared.access import Access
from bot.services.shared.jobs import action_job

log = structlog.get_logger(__name__)

#: Unanswered questions about one sender within ``same_within``, at most: a sender that posts every second
#: must not fill the channel with questions.
MOST_UNANSWERED: Final = 5

#: The key below ``[permissions]`` that allows an answer: people who may report an incident may also say that
#: a message is not one.
_PERMISSION: Final = "triage"


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

    async def ask(self, tx: Transaction, question: AlertQuestion) -> bool:
        """Queue the quiet question in the caller's transaction, and return True if it was queued.

        Return False when the sender is ignored or the question was asked before. Within ``same_within`` the
        bot asks about the same message once, and leaves at most `MOST_UNANSWERED` questions about a sender.
        """
        if await tx.is_ignored_sender(question.guild_id, question.channel_id, question.sender):
            return False
        since = await tx.now() - self._policy.alerts.same_within
        if not await tx.ask_about_alert(question, since=since, most=MOST_UNANSWERED):
            return False
        await tx.insert_deliveries([_line(question)])
        log.info("alert.asked_about", channel_id=question.channel_id, message_id=question.message_id)
        return True

    async def track(self, message_id: int, *, guild_id: int, by: Person) -> Incident:
        """Track the message as an alert, like one that the bot can read."""
        await self._access.require(by, _PERMISSION, guild_id=guild_id, act="track_alert")
        async with self._store.transaction() as tx:
            question = await _open(tx, message_id, guild_id)
            if question.severity not in self._policy.severities:
                raise UserError("severity_unknown", value=question.severity)
            await tx.lock_fingerprint(guild_id, question.fingerprint)
            incident = await self._same(tx, question) or await self._incidents.open_within(
                tx, as_incident(question), by=by
            )
            decided = AlertDecision.on_answer(question, AlertOutcome.TRACKED, incident=incident)
            await count_message(tx, decided)
            await tx.answer_alert_question(message_id, AlertAnswer.TRACKED, by=by)
            await show_answer(tx, message_id)
        log.info("alert.tracked", incident_id=incident.id, user_id=by.id)
        return incident

    async def ignore(self, message_id: int, *, guild_id: int, by: Person) -> AlertQuestion:
        """Ignore the message's sender in its channel: the bot asks no more, but still tracks clear alerts."""
        await self._access.require(by, _PERMISSION, guild_id=guild_id, act="ignore_sender")
        async with self._store.transaction() as tx:
            question = await _open(tx, message_id, guild_id)
            await tx.answer_alert_question(message_id, AlertAnswer.IGNORED, by=by)
            await tx.ignore_sender(guild_id, question.channel_id, question.sender, by=by)
            await _audit(tx, question, by=by, action="sender_ignored")
            await show_answer(tx, message_id)
        return question

    async def heed(self, message_id: int, *, guild_id: int, by: Person) -> AlertQuestion:
        """Stop ignoring the sender of the message."""
        await self._access.require(by, _PERMISSION, guild_id=guild_id, act="heed_sender")
        async with self._store.transaction() as tx:
            question = await _asked(tx, message_id, guild_id)
            if not await tx.heed_sender(guild_id, question.channel_id, question.sender):
                raise UserError("sender_not_ignored", sender=question.evidence.author_name)
            if question.answer is AlertAnswer.IGNORED:
                await tx.answer_alert_question(message_id, None, by=by)
            await _audit(tx, question, by=by, action="sender_heeded")
            await show_answer(tx, message_id)
        return question

    async def refresh(self, line_id: int) -> None:
        """Make a line say what was answered. Handler of the queue's refresh_question job.

        Raises:
            UpstreamUnavailable: the queue tries again.
        """
        line = await self._store.delivery(line_id)
        message_id = AlertQuestionData.from_json(line.data).answers
        async with self._store.transaction() as tx:
            question = await tx.alert_question(message_id, guild_id=line.guild_id)
            is_tracked = question is not None and question.answer is AlertAnswer.TRACKED
            number = await tx.alert_of_message(message_id) if is_tracked else None
            incident = None if number is None else await tx.incident(number)
        if question is not None and line.message_id is not None:
            await self._discord.redraw(line, QuestionView(question, incident))

    async def _same(self, tx: Transaction, question: AlertQuestion) -> Incident | None:
        """Return the incident that is already tracked for another message of the same alert."""
        since = await tx.now() - self._policy.alerts.same_within
        return await tx.same_alert(question.guild_id, question.fingerprint, since=since, lesser=())


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
    )


async def count_message(tx: Transaction, decided: AlertDecision) -> None:
    """Count a message on the incident of the decision, and wake the action items whose fix has not held."""
    broken = await tx.note_alert(decided)
    await tx.enqueue(*(action_job(item_id) for item_id in broken))


async def note_muted(tx: Transaction, muted: AlertQuestion) -> None:
    """Wake the action items whose fix has not held: the team passes over an alert that still fires."""
    broken = await tx.alert_fired(muted.guild_id, FiredAlert(muted.fingerprint, muted.evidence.at))
    await tx.enqueue(*(action_job(item_id) for item_id in broken))


def _question_key(message_id: int) -> str:
    """Return the key of the delivery that asks about a message."""
    return f"alert_question:{message_id}"


async def show_answer(tx: Transaction, message_id: int) -> None:
    """Queue an edit of the question about a message, if there is one, to show the answer.

    It does not depend on the reply to the person who answered.
    """
    line = await tx.delivery_by_key(_question_key(message_id))
    if line is not None:
        key = f"refresh_question:{line.id}"
        await tx.enqueue(Job(JobName.REFRESH_QUESTION, str(line.id), key, sooner=True, patience=IN_LINE))


def _line(question: AlertQuestion) -> NewDelivery:
    return NewDelivery(
        kind=DeliveryKind.ALERT_QUESTION,
        to=f"channel:{question.channel_id}",
        key=_question_key(question.message_id),
        guild_id=question.guild_id,
        data=AlertQuestionData(
            answers=question.message_id,
            sender=question.evidence.author_name,
            title=question.title,
            severity=question.severity,
        ).to_json(),
    )


async def _asked(tx: AlertQuestions, message_id: int, guild_id: int) -> AlertQuestion:
    question = await tx.alert_question(message_id, guild_id=guild_id)
    if question is None:
        raise UserError("alert_not_asked")
    return question


async def _open(tx: Transaction, message_id: int, guild_id: int) -> AlertQuestion:
    question = await _asked(tx, message_id, guild_id)
    if question.answer is not None:
        by, sender = question.answered_by_name, question.evidence.author_name
        raise UserError(f"alert_{question.answer.value}_before", by=by, sender=sender)
    return question


async def _audit(tx: AuditWrites, question: AlertQuestion, *, by: Person, action: str) -> None:
    facts = {"channel_id": question.channel_id, "sender": question.sender, "message_id": question.message_id}
    await tx.audit(guild_id=question.guild_id, by=by, action=action, data=AuditData(facts=facts))
