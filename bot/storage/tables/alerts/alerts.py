"""Alerts of monitors: their messages, and questions about them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bot.domain.alerts.decisions import AlertDecision
from bot.domain.alerts.occurrence import KnownAlert
from bot.domain.alerts.question import AlertAnswer, AlertQuestion
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.triage.evidence import Evidence
from bot.storage.database.sql import Row
from bot.storage.rows import from_row, incident_from_row
from bot.storage.tables.alerts.decisions import decision_json
from bot.storage.tables.bases import ReadPart, TransactionPart

_NEWEST: Final = 3  # messages of one alert whose reactions are read; the events tell of the others


class PostgresAlertReads(ReadPart):
    """A `bot.services.ports.store.alerts.alerts.AlertReads`."""

    async def alert_messages(self, incident_id: int) -> list[tuple[int, int]]:
        rows = await self._sql.all("alert_messages", incident_id=incident_id, newest=_NEWEST)
        return [(row["channel_id"], row["message_id"]) for row in rows]

    async def alert_cursor(self, guild_id: int, channel_id: int) -> int | None:
        row = await self._sql.first("alert_cursor", guild_id=guild_id, channel_id=channel_id)
        return None if row is None else row["message_id"]

    async def move_alert_cursor(self, guild_id: int, channel_id: int, message_id: int) -> None:
        await self._sql.all(
            "move_alert_cursor", guild_id=guild_id, channel_id=channel_id, message_id=message_id
        )


class PostgresAlertWrites(TransactionPart):
    """A `bot.services.ports.store.alerts.alerts.AlertWrites`."""

    async def lock_fingerprint(self, guild_id: int, fingerprint: str) -> None:
        await self._sql.all("lock_fingerprint", fingerprint=f"alert:{guild_id}:{fingerprint}")

    async def alert_of_message(self, message_id: int) -> int | None:
        row = await self._sql.first("alert_of_message", message_id=message_id, guild_id=self._guild_id)
        return None if row is None else row["incident_id"]

    async def same_alert(
        self, guild_id: int, fingerprint: str, *, since: datetime, lesser: Sequence[str]
    ) -> Incident | None:
        row = await self._sql.first(
            "same_alert",
            guild_id=guild_id,
            fingerprint=fingerprint,
            since=since,
            except_severities=list(lesser),
        )
        return None if row is None else incident_from_row(row)

    async def alerts_of_sender(self, guild_id: int, channel_id: int, sender: str) -> list[KnownAlert]:
        rows = await self._sql.all(
            "alerts_of_sender", guild_id=guild_id, channel_id=channel_id, sender=sender
        )
        return [from_row(KnownAlert, row) for row in rows]

    async def pass_over_alert(
        self, guild_id: int, fingerprint: str, *, message_id: int, severities: Sequence[str]
    ) -> bool:
        return await self._sql.has(
            "pass_over_alert",
            guild_id=guild_id,
            fingerprint=fingerprint,
            message_id=message_id,
            severities=list(severities),
        )

    async def note_alert(self, decided: AlertDecision) -> bool:
        return await self._sql.has("note_alert", decided, **decision_json(decided))

    async def firing_alerts(
        self, guild_id: int, fingerprint: str, *, before: int, channel_id: int, sender: str
    ) -> list[tuple[Incident, bool]]:
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
        return await self._sql.has(
            "note_recovery",
            incident_id=incident_id,
            message_id=message_id,
            channel_id=channel_id,
            sender=sender,
        )

    async def has_recovered(self, incident_id: int) -> bool:
        found: bool = (await self._sql.one("has_recovered", incident_id=incident_id))["recovered"]
        return found


class PostgresAlertQuestions(TransactionPart):
    """A `bot.services.ports.store.alerts.alerts.AlertQuestions`."""

    async def ask_about_alert(self, question: AlertQuestion, *, since: datetime, most: int) -> bool | None:
        row = await self._sql.first(
            "ask_about_alert",
            question,
            evidence=question.evidence.to_json(),
            since=since,
            most=most,
        )
        return None if row is None else row["shown"]

    async def waiting_questions(self, guild_id: int, channel_id: int, sender: str) -> list[KnownAlert]:
        rows = await self._sql.all(
            "waiting_questions", guild_id=guild_id, channel_id=channel_id, sender=sender
        )
        return [from_row(KnownAlert, row) for row in rows]

    async def alert_question(self, message_id: int, *, guild_id: int) -> AlertQuestion | None:
        row = await self._sql.first("alert_question", message_id=message_id, guild_id=guild_id)
        return None if row is None else _question(row)

    async def answer_alert_question(
        self, message_id: int, answer: AlertAnswer | None, *, by: Person | None
    ) -> None:
        await self._sql.all(
            "answer_alert_question",
            message_id=message_id,
            answer=answer,
            by_id=None if by is None else by.id,
            by_name=None if by is None else by.name,
        )

    async def open_questions(self, question: AlertQuestion, *, look: str | None) -> list[int]:
        rows = await self._sql.all("open_questions", question, look=look)
        return [row["message_id"] for row in rows]

    async def ignore_sender(self, guild_id: int, channel_id: int, sender: str, *, by: Person) -> bool:
        return await self._sql.has(
            "ignore_sender",
            guild_id=guild_id,
            channel_id=channel_id,
            sender=sender,
            by_id=by.id,
            by_name=by.name,
        )

    async def heed_sender(self, guild_id: int, channel_id: int, sender: str) -> bool:
        return await self._sql.has("heed_sender", guild_id=guild_id, channel_id=channel_id, sender=sender)

    async def is_ignored_sender(self, guild_id: int, channel_id: int, sender: str) -> bool:
        found: bool = (
            await self._sql.one("is_ignored_sender", guild_id=guild_id, channel_id=channel_id, sender=sender)
        )["ignored"]
        return found


def _question(row: Row) -> AlertQuestion:
    return from_row(
        AlertQuestion,
        row,
        evidence=Evidence.from_json(row["evidence"]),
        answer=None if row["answer"] is None else AlertAnswer(row["answer"]),
    )
