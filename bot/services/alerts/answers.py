"""What people say about messages that the bot cannot read, and the lessons that they make of it."""

from dataclasses import dataclass
from typing import Final

import structlog

from bot.domain.alerts.decisions import AlertDecision
from bot.domain.alerts.events import Occurrence
from bot.domain.alerts.questions import TAUGHT_BY, AlertAnswer, AlertLesson, AlertQuestion, NewLesson
from bot.domain.alerts.recognition import Says
from bot.domain.audit import AuditData
from bot.domain.errors import UserError
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.alerts.questions import (
    ANSWERING,
    MessageQuestions,
    asked_question,
    audit_answer,
    require_open,
    show_answer,
)
from bot.services.alerts.recoveries import Recoveries, identified
from bot.services.incidents.lifecycle import Lifecycle
from bot.services.shared.access import Access
from bot.storage.store import Store
from bot.storage.tables.alerts import AlertDecisionRows, AlertLessonRows, AlertQuestionRows, AlertRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import AuditWrites
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)

#: Lessons on a page of `/alerts rules`.
PAGE_SIZE: Final = 10

#: The keys below ``[permissions]``.
_LOOKING: Final = "acknowledge"
_REMOVING: Final = "mute"


@dataclass(frozen=True, slots=True)
class LessonPage:
    """Some lessons, the newest first.

    Attributes:
        offset: How many are before them.
        has_more: There are older ones.
    """

    lessons: tuple[AlertLesson, ...]
    offset: int = 0
    has_more: bool = False


class AlertAnswers:
    """Does what is answered, and keeps lessons.

    Raises NotPermitted, and UserError if there is no such question or lesson.
    """

    def __init__(
        self,
        store: Store,
        policy: Policy,
        access: Access,
        questions: MessageQuestions,
        recoveries: Recoveries,
        lifecycle: Lifecycle,
    ) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self._questions = questions
        self._recoveries = recoveries
        self._lifecycle = lifecycle

    async def dismiss(
        self, message_id: int, answer: AlertAnswer, *, guild_id: int, by: Person
    ) -> AlertQuestion:
        """Record that a message is no alert, and return its question.

        If it was tracked because nobody had answered in time, that alert is closed as a false alarm.

        Args:
            answer: CHATTER, or RESOLVED: it ends the alert of its sender that it is about.

        Raises:
            UserError: a person has answered before. InvalidTransition: the alert has ended, or it is an
                incident by now.
        """
        await self._access.require(by, ANSWERING, guild_id=guild_id, act=f"alert_{answer}")
        tracked = await self._tracked_unanswered(message_id, guild_id)
        if tracked is not None:
            await self._lifecycle.dismiss(tracked, by=by)
        async with self._store.transaction() as tx:
            question = await asked_question(tx, message_id, guild_id)
            if tracked is None:
                require_open(question)
            await AlertQuestionRows(tx.sql).answer_alert_question(message_id, answer, by=by)
            await self._decide(tx, question, answer)
            await audit_answer(tx, question, by=by, action=f"alert_{answer}")
            await show_answer(tx, message_id)
        log.info("alert.answered", message_id=message_id, answer=answer, user_id=by.id)
        return question

    async def question(self, message_id: int, *, guild_id: int) -> AlertQuestion:
        """Return the question about a message."""
        async with self._store.transaction() as tx:
            return await asked_question(tx, message_id, guild_id)

    async def always(self, message_id: int, *, guild_id: int, by: Person) -> AlertLesson:
        """Make the answer about a message a lesson about all messages of its sender that look like it.

        Those that wait to be tracked are answered alike.

        Raises:
            UserError: there is no answer that says what they mean, or nothing that they have in common.
        """
        await self._access.require(by, ANSWERING, guild_id=guild_id, act="teach_alert")
        async with self._store.transaction() as tx:
            question = await asked_question(tx, message_id, guild_id)
            says = None if question.answer is None else TAUGHT_BY.get(question.answer)
            if says is None or not question.look:
                raise UserError("alert_not_taught")
            new = NewLesson(
                guild_id, question.sender, question.look, says, question.title, question.evidence.url
            )
            lesson = await AlertLessonRows(tx.sql).teach_alert_lesson(new, by=by)
            await _audit(tx, lesson, by=by, action="alert_lesson_taught")
            others = await AlertQuestionRows(tx.sql).open_questions(question, look=question.look)
        log.info("alert.lesson_taught", lesson_id=lesson.id, says=says, user_id=by.id)
        for other_id in others:
            await self._answer_alike(other_id, question.answer, guild_id=guild_id, by=by)
        return lesson

    async def lessons(self, guild_id: int, *, offset: int = 0, by: Person) -> LessonPage:
        """Return a page of the lessons."""
        await self._access.require(by, _LOOKING, guild_id=guild_id, act="alert_rules")
        found = await AlertLessonRows(self._store.sql).alert_lessons(
            guild_id, limit=PAGE_SIZE + 1, offset=offset
        )
        return LessonPage(tuple(found[:PAGE_SIZE]), offset, has_more=len(found) > PAGE_SIZE)

    async def forget(self, lesson_id: int, *, guild_id: int, by: Person) -> AlertLesson:
        """Remove a lesson: the bot reads such messages by itself again, or asks.

        Raises:
            UserError: it is gone already.
        """
        await self._access.require(by, _REMOVING, guild_id=guild_id, act="forget_lesson")
        async with self._store.transaction() as tx:
            lesson = await AlertLessonRows(tx.sql).forget_alert_lesson(guild_id, lesson_id)
            if lesson is None:
                raise UserError("alert_lesson_gone")
            await _audit(tx, lesson, by=by, action="alert_lesson_forgotten")
        log.info("alert.lesson_forgotten", lesson_id=lesson.id, user_id=by.id)
        return lesson

    async def _tracked_unanswered(self, message_id: int, guild_id: int) -> int | None:
        """Return the number of the alert that was opened for the message because nobody had answered."""
        async with self._store.transaction() as tx:
            question = await asked_question(tx, message_id, guild_id)
            if question.answer is not AlertAnswer.TRACKED or question.answered_by_name is not None:
                return None
            number = await AlertRows(tx.sql).alert_of_message(message_id)
            source = None if number is None else (await IncidentRows(tx.sql).incident(number)).tracked.source
        return number if source is not None and source.message_id == message_id else None

    async def _decide(self, tx: Transaction, question: AlertQuestion, answer: AlertAnswer) -> None:
        """Record the decision; a recovery ends what it is about."""
        said = self._occurrence(question)
        if answer is not AlertAnswer.RESOLVED:
            await AlertDecisionRows(tx.sql).answer_decision(said, answer.value, says=TAUGHT_BY[answer])
            return
        said = await identified(tx, said, is_over=True)
        outcome, incident = await self._recoveries.receive_within(tx, said)
        await AlertDecisionRows(tx.sql).answer_decision(said, outcome.value, says=Says.RESOLVED)
        await AlertDecisionRows(tx.sql).decide(
            AlertDecision.on(said, outcome, says=Says.RESOLVED, incident=incident)
        )

    def _occurrence(self, question: AlertQuestion) -> Occurrence:
        """Return the message that *question* is about as one occurrence of its alert."""
        evidence = question.evidence
        return Occurrence(
            guild_id=question.guild_id,
            id=question.message_id,
            channel_id=question.channel_id,
            sender=question.sender,
            fingerprint=question.fingerprint,
            by=Person(id=evidence.author_id, name=evidence.author_name, is_bot=True),
            at=evidence.at,
            url=evidence.url,
            severity=self._policy.rules(question.severity),
            title=question.title,
            target=question.target,
            subject=question.subject or "",
            team=question.team,
        )

    async def _answer_alike(
        self, message_id: int, answer: AlertAnswer | None, *, guild_id: int, by: Person
    ) -> None:
        """Give the same answer about another message; whatever stands in the way, its deadline remains."""
        try:
            if answer in (AlertAnswer.RESOLVED, AlertAnswer.CHATTER):
                await self.dismiss(message_id, answer, guild_id=guild_id, by=by)
            else:
                await self._questions.track(message_id, guild_id=guild_id, by=by)
        except UserError as error:  # another person was first
            log.info("alert.answered_before", message_id=message_id, reason=error.key)


async def _audit(tx: Transaction, lesson: AlertLesson, *, by: Person, action: str) -> None:
    facts = {"lesson_id": lesson.id, "sender": lesson.sender, "look": lesson.look, "says": lesson.says.value}
    await AuditWrites(tx.sql).audit(
        guild_id=lesson.guild_id, by=by, action=action, data=AuditData(facts=facts)
    )
