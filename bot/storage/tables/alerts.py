"""Alerts of monitors: their messages, questions and events, what was decided about them, and lessons."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final

from bot.domain.alerts.decisions import (
    AlertDecision,
    AlertOutcome,
    DecisionCursor,
    DecisionDetail,
    DecisionFilter,
    HeldAlert,
    HeldOccurrences,
    HoldingWindow,
    HoldReason,
    ShownDecision,
)
from bot.domain.alerts.events import KnownAlert, Occurrence, ReceivedEvent
from bot.domain.alerts.questions import AlertAnswer, AlertLesson, AlertQuestion, NewLesson
from bot.domain.alerts.recognition import Says
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.triage.session import Evidence
from bot.storage.database.sql import Row, Sql
from bot.storage.rows import from_row, incident_from_row

_FORGOTTEN: Final = 1_000  # rows of one statement: none of them locks many
_OUTCOMES: Final = frozenset(AlertOutcome)
_SAYS: Final = frozenset(Says)

_NEWEST: Final = 3  # messages of one alert whose reactions are read; the events tell of the others


class AlertDecisionRows:
    """What was decided about messages and events of monitors."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def decisions(
        self, guild_id: int, search: DecisionFilter, at: DecisionCursor | None, *, limit: int
    ) -> list[ShownDecision]:
        """Return at most *limit* decisions beside *at*, nearest first; without it, the newest ones."""
        is_newer = at is not None and at.is_newer
        rows = await self._sql.all(
            "newer_decisions" if is_newer else "decisions",
            search,
            guild_id=guild_id,
            said_id=None if at is None else at.said_id,
            nth=None if at is None else at.nth,
            limit=limit,
        )
        return [_shown(row) for row in rows if row["outcome"] in _OUTCOMES]  # a newer version may know more

    async def forget_decisions(self) -> None:
        """Delete decisions that are older than 14 days."""
        while len(await self._sql.all("forget_decisions", limit=_FORGOTTEN)) == _FORGOTTEN:
            pass

    async def decide(self, decided: AlertDecision) -> None:
        """Record a decision, once; what has led to no incident may still lead to one.

        `note_alert` and `note_alert_event` record theirs themselves.
        """
        await self._sql.all("decide", decided, **decision_json(decided))

    async def answer_decision(self, said: Occurrence, outcome: str, *, says: Says) -> None:
        """Record what a person has said about a message about which nothing else was decided."""
        await self._sql.all("answer_decision", said, said_id=said.id, outcome=outcome, says=says)

    async def times_below(self, said: Occurrence, *, since: datetime) -> int:
        """Return how often it came below its threshold since *since*, and since it was tracked last."""
        times: int = (await self._sql.one("times_below", said, since=since))["times"]
        return times

    async def handled_message(self, said: Occurrence) -> ReceivedEvent | None:
        """Return what became of a message; None if nothing was decided about it."""
        row = await self._sql.first("handled_message", said, said_id=said.id)
        return None if row is None else ReceivedEvent(row["incident_id"])


def decision_json(decided: AlertDecision) -> dict[str, object]:
    """Return the parameters of the query `decide` that are stored as JSON."""
    return {"detail": decided.detail.to_json()}


def _shown(row: Row) -> ShownDecision:
    decision = from_row(
        AlertDecision,
        row,
        says=Says(row["says"]) if row["says"] in _SAYS else None,
        outcome=AlertOutcome(row["outcome"]),
        detail=DecisionDetail.from_json(row["detail"]),
        held_by=None if row["holder_is_hidden"] else row["held_by"],
    )
    return ShownDecision(
        decision,
        is_hidden=row["is_hidden"],
        channel_id=row["home_channel_id"],
        message_id=row["home_message_id"],
        holding=None if row["held_until"] is None else HoldingWindow(row["held_until"], row["held_by_name"]),
    )


class AlertRows:
    """The messages of monitors. What locks or notes needs a transaction."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def alert_messages(self, incident_id: int) -> list[tuple[int, int]]:
        """Return channel and id of the alert messages whose 👀 reactions are read, oldest first.

        The first, and the newest few: an alert may have come hundreds of times.
        """
        rows = await self._sql.all("alert_messages", incident_id=incident_id, newest=_NEWEST)
        return [(row["channel_id"], row["message_id"]) for row in rows]

    async def alert_cursor(self, guild_id: int, channel_id: int) -> int | None:
        """Return the message up to which a watched channel has been read; None if it never was."""
        row = await self._sql.first("alert_cursor", guild_id=guild_id, channel_id=channel_id)
        return None if row is None else row["message_id"]

    async def move_alert_cursor(self, guild_id: int, channel_id: int, message_id: int) -> None:
        """Note that a watched channel has been read up to a message. The cursor never moves back."""
        await self._sql.all(
            "move_alert_cursor", guild_id=guild_id, channel_id=channel_id, message_id=message_id
        )

    async def lock_fingerprint(self, guild_id: int, fingerprint: str) -> None:
        """Lock decisions about alerts of this fingerprint until the commit. Call it before any row lock."""
        await self._sql.all("lock_fingerprint", fingerprint=f"alert:{guild_id}:{fingerprint}")

    async def alert_of_message(self, message_id: int) -> int | None:
        """Return the number of the incident on which a message was counted."""
        row = await self._sql.first("alert_of_message", message_id=message_id, guild_id=self._sql.guild_id)
        return None if row is None else row["incident_id"]

    async def same_alert(
        self, guild_id: int, fingerprint: str, *, since: datetime, lesser: Sequence[str]
    ) -> Incident | None:
        """Lock and return the open incident on which the same alert counts; None when a new one is due.

        An alert that was merged into another counts on that one.

        Args:
            since: It came at that time or later.
            lesser: Names of the severities that are too low.
        """
        row = await self._sql.first(
            "same_alert",
            guild_id=guild_id,
            fingerprint=fingerprint,
            since=since,
            except_severities=list(lesser),
        )
        return None if row is None else incident_from_row(row)

    async def alerts_of_sender(self, guild_id: int, channel_id: int, sender: str) -> list[KnownAlert]:
        """Return the open and the muted alerts that a sender has posted in a channel, newest first."""
        rows = await self._sql.all(
            "alerts_of_sender", guild_id=guild_id, channel_id=channel_id, sender=sender
        )
        return [from_row(KnownAlert, row) for row in rows]

    async def pass_over_alert(self, guild_id: int, fingerprint: str, *, severities: Sequence[str]) -> bool:
        """Count a message on the mute of its alert; return False if it is not muted for it.

        The fingerprint must be locked, and the message not handled before.

        Args:
            severities: The names of the message's severity and of those above it: a mute of any of them
                holds for it, and one of a lower severity does not.
        """
        return await self._sql.has(
            "pass_over_alert",
            guild_id=guild_id,
            fingerprint=fingerprint,
            severities=list(severities),
        )

    async def note_alert(self, decided: AlertDecision) -> bool:
        """Record a decision to count a message on an incident; one that was counted stays where it is.

        Returns:
            True if an alert has fired: the message was not counted before, and the incident is no drill.
        """
        return await self._sql.has("note_alert", decided, **decision_json(decided))

    async def firing_alerts(
        self, guild_id: int, fingerprint: str, *, before: int, channel_id: int, sender: str
    ) -> list[tuple[Incident, bool]]:
        """Lock the open incidents that a recovery is about, and return each with whether it is over now.

        Oldest first. An incident is over when no other alert counts on it, and each sender in each channel
        has recovered since it last fired. If a sender is not known, it is not over.

        Args:
            before: The recovery's message. Incidents that the same sender fired there after it are left out.
        """
        rows = await self._sql.all(
            "firing_alerts",
            guild_id=guild_id,
            fingerprint=fingerprint,
            message_id=before,
            channel_id=channel_id,
            sender=sender,
        )
        return [(incident_from_row(row), row["over"]) for row in rows]

    async def note_recovery(self, incident_id: int, *, message_id: int, channel_id: int, sender: str) -> bool:
        """Note that a message has said that an alert is over; False when that was noted before."""
        return await self._sql.has(
            "note_recovery",
            incident_id=incident_id,
            message_id=message_id,
            channel_id=channel_id,
            sender=sender,
        )

    async def has_recovered(self, incident_id: int) -> bool:
        """Return True if the latest message about an alert says that it is over."""
        is_found: bool = (await self._sql.one("has_recovered", incident_id=incident_id))["recovered"]
        return is_found


class HeldAlertRows:
    """Alerts that are held back, by anything. The fingerprint must be locked."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def held(self, guild_id: int, fingerprint: str) -> HeldOccurrences | None:
        """Return the alert if it is held."""
        row = await self._sql.first("held_alert", guild_id=guild_id, fingerprint=fingerprint)
        return None if row is None else from_row(HeldOccurrences, row, alert=HeldAlert.from_json(row["held"]))

    async def hold(self, held: HeldOccurrences, reason: HoldReason) -> None:
        """Record that something else holds the alert now."""
        await self._sql.all("hold_alert", held, **asdict(reason))

    async def forget(self, held: HeldOccurrences) -> None:
        """End the hold of an alert that is over."""
        await self._sql.all("forget_held", held)

    async def adopt(self, held: HeldOccurrences, *, incident_id: int) -> None:
        """Count each time that the alert was held on its incident."""
        await self._sql.all("adopt_held", held, incident_id=incident_id)


class AlertQuestionRows:
    """Questions about messages that may be alerts, and the senders that are ignored."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def ask_about_alert(self, question: AlertQuestion, *, since: datetime, most: int) -> bool | None:
        """Ask whether a message is an alert; None when it, or the same one since then, was asked about.

        Args:
            most: So many unanswered questions about its sender, since then, are enough.

        Returns:
            True if the question should be posted; False if it only waits to be tracked: there are enough.
        """
        row = await self._sql.first(
            "ask_about_alert",
            question,
            evidence=question.evidence.to_json(),
            since=since,
            most=most,
        )
        return None if row is None else row["shown"]

    async def waiting_questions(self, guild_id: int, channel_id: int, sender: str) -> list[KnownAlert]:
        """Return the questions about a sender that are tracked if nobody answers, newest first."""
        rows = await self._sql.all(
            "waiting_questions", guild_id=guild_id, channel_id=channel_id, sender=sender
        )
        return [from_row(KnownAlert, row) for row in rows]

    async def alert_question(self, message_id: int, *, guild_id: int) -> AlertQuestion | None:
        """Lock and return the question about a message; None when there is none."""
        row = await self._sql.first("alert_question", message_id=message_id, guild_id=guild_id)
        if row is None:
            return None
        answer = None if row["answer"] is None else AlertAnswer(row["answer"])
        return from_row(AlertQuestion, row, evidence=Evidence.from_json(row["evidence"]), answer=answer)

    async def answer_alert_question(
        self, message_id: int, answer: AlertAnswer | None, *, by: Person | None
    ) -> None:
        """Record the answer of *by* to a locked question; None opens it again, without a deadline.

        Args:
            by: None: nobody has answered in time.
        """
        await self._sql.all(
            "answer_alert_question",
            message_id=message_id,
            answer=answer,
            by_id=None if by is None else by.id,
            by_name=None if by is None else by.name,
        )

    async def open_questions(self, question: AlertQuestion, *, look: str | None) -> list[int]:
        """Return the messages of the question's sender that wait to be tracked, oldest first.

        Args:
            look: Only those that look so, in any channel; None: all those in the question's channel.
        """
        rows = await self._sql.all("open_questions", question, look=look)
        return [row["message_id"] for row in rows]

    async def ignore_sender(self, guild_id: int, channel_id: int, sender: str, *, by: Person) -> bool:
        """Ignore a sender in a channel from now on; return False when it was ignored already."""
        return await self._sql.has(
            "ignore_sender",
            guild_id=guild_id,
            channel_id=channel_id,
            sender=sender,
            by_id=by.id,
            by_name=by.name,
        )

    async def heed_sender(self, guild_id: int, channel_id: int, sender: str) -> bool:
        """Stop ignoring a sender in a channel; return False when it was not ignored."""
        return await self._sql.has("heed_sender", guild_id=guild_id, channel_id=channel_id, sender=sender)

    async def is_ignored_sender(self, guild_id: int, channel_id: int, sender: str) -> bool:
        """Return True if a sender is ignored in a channel."""
        is_ignored: bool = (
            await self._sql.one("is_ignored_sender", guild_id=guild_id, channel_id=channel_id, sender=sender)
        )["ignored"]
        return is_ignored


class AlertEventRows:
    """Alerts that came as events."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def alert_event(self, said: Occurrence) -> ReceivedEvent | None:
        """Return what became of an event; None if it has not been received before."""
        row = await self._sql.first("alert_event", said, event_id=said.id)
        return None if row is None else ReceivedEvent(row["incident_id"])

    async def note_alert_event(self, decided: AlertDecision) -> bool:
        """Record an event that fires or is over, with the decision about it; True if it fires and is new."""
        return await self._sql.has("note_alert_event", decided, **decision_json(decided))

    async def is_over_since(self, said: Occurrence) -> bool:
        """Return True if a later event, which was handled before, has said that the alert is over."""
        is_over: bool = (await self._sql.one("is_over_since", said, event_id=said.id))["over"]
        return is_over


async def forget_alert_events(sql: Sql) -> int:
    """Delete at most a thousand events, 14 days old, that were counted on no incident; return how many."""
    deleted: int = (await sql.one("forget_alert_events"))["deleted"]
    return deleted


class AlertLessonRows:
    """What people have taught about messages that look alike."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def alert_lesson(self, guild_id: int, sender: str, look: str) -> AlertLesson | None:
        """Return the lesson about a sender's messages that look so; None if nobody has taught one."""
        row = await self._sql.first("alert_lesson", guild_id=guild_id, sender=sender, look=look)
        return None if row is None else _lesson(row)

    async def alert_lessons(self, guild_id: int, *, limit: int, offset: int) -> list[AlertLesson]:
        """Return a guild's lessons, the newest first, each with how often it was applied."""
        rows = await self._sql.all("alert_lessons", guild_id=guild_id, limit=limit, offset=offset)
        return [_lesson(row) for row in rows]

    async def teach_alert_lesson(self, lesson: NewLesson, *, by: Person) -> AlertLesson:
        """Store a lesson, in the place of an earlier one about the same messages."""
        row = await self._sql.one("teach_alert_lesson", lesson, by_id=by.id, by_name=by.name)
        return _lesson(row)

    async def forget_alert_lesson(self, guild_id: int, lesson_id: int) -> AlertLesson | None:
        """Remove and return a lesson; None if it is gone already."""
        row = await self._sql.first("forget_alert_lesson", guild_id=guild_id, lesson_id=lesson_id)
        return None if row is None else _lesson(row)


def _lesson(row: Row) -> AlertLesson:
    return from_row(AlertLesson, row, says=Says(row["says"]))
