"""Triages: walks through the decision tree."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from bot.domain.delivery.kinds import ACK_KINDS
from bot.domain.errors import UserError
from bot.domain.people import Person
from bot.domain.triage.evidence import Evidence
from bot.domain.triage.session import NewTriage, StoredAnswer, StoredChoice, Triage, TriageStatus
from bot.domain.triage.unfinished import Idle, SignOfLife
from bot.services.ports.store.triages import KnownMessage, OpenReport, OpenReports
from bot.storage.database.sql import Row
from bot.storage.rows import from_row, incident_from_row
from bot.storage.tables.bases import ReadPart, TransactionPart


class PostgresTriageReads(ReadPart):
    """A `bot.services.ports.store.triages.TriageReads`."""

    async def triage(self, triage_id: int) -> Triage:
        row = await self._sql.first("triage", triage_id=triage_id, guild_id=self._guild_id)
        return await self._with_answers(row)

    async def note_message(self, channel_id: int, message_id: int, evidence: Evidence) -> None:
        await self._sql.all(
            "note_message", channel_id=channel_id, message_id=message_id, evidence=evidence.to_json()
        )

    async def noted_message(self, channel_id: int, message_id: int) -> Evidence | None:
        row = await self._sql.first("noted_message", channel_id=channel_id, message_id=message_id)
        return None if row is None else Evidence.from_json(row["evidence"])

    async def known_message(self, channel_id: int, message_id: int | None) -> KnownMessage:
        row = await self._sql.one(
            "known_message",
            channel_id=channel_id,
            message_id=message_id,
            guild_id=self._guild_id,
            kinds=sorted(ACK_KINDS),
        )
        raised = None if row["id"] is None else incident_from_row(row)
        return KnownMessage(row["is_of_drill"], row["is_confided"], raised)

    async def _with_answers(self, row: Row | None) -> Triage:
        """Return the triage of *row* with those of its answers that still count.

        Raises:
            UserError: *row* is None: there is no such triage.
        """
        if row is None:
            raise UserError("triage_not_found")
        return _triage(row, await self._sql.all("standing_answers", triage_id=row["id"]))


class PostgresTriageWrites(PostgresTriageReads, TransactionPart):
    """A `bot.services.ports.store.triages.TriageWrites`."""

    async def insert_triage(
        self, new: NewTriage, *, due_at: datetime, idle_due_at: datetime | None = None
    ) -> tuple[Triage, bool]:
        row = await self._sql.first(
            "insert_triage",
            new,
            user_id=new.by.id,
            user_name=new.by.name,
            evidence=None if new.evidence is None else new.evidence.to_json(),
            reevaluate_at=due_at,
            idle_due_at=idle_due_at,
        )
        if row is not None:
            return _triage(row, ()), True
        return await self._with_answers(await self._sql.one("triage_by_key", key=new.key)), False

    async def triage_of_message(self, channel_id: int, message_id: int) -> Triage | None:
        row = await self._sql.first(
            "triage_of_message", channel_id=channel_id, message_id=message_id, guild_id=self._guild_id
        )
        return None if row is None else await self._with_answers(row)

    async def walks_about(self, incident_id: int) -> list[Triage]:
        rows = await self._sql.all("walks_about", incident_id=incident_id)
        return [await self._with_answers(row) for row in rows]

    async def question_at(self, message_id: int) -> tuple[int, str] | None:
        row = await self._sql.first("question_at", message_id=message_id, guild_id=self._guild_id)
        return None if row is None else (row["triage_id"], row["key"])

    async def lock_message(self, channel_id: int, message_id: int) -> None:
        await self._sql.all("lock_message", message=f"{channel_id}:{message_id}")

    async def triage(self, triage_id: int, *, lock: bool = False) -> Triage:
        row = await self._sql.first(
            "lock_triage" if lock else "triage", triage_id=triage_id, guild_id=self._guild_id
        )
        return await self._with_answers(row)

    async def sign_of_life(self, triage_id: int) -> SignOfLife:
        row = await self._sql.one("sign_of_life", triage_id=triage_id)
        return SignOfLife(row["at"], row["by_id"], row["by_name"])

    async def open_triages(self, guild_id: int, *, within: timedelta) -> list[Triage]:
        rows = await self._sql.all("open_triages", guild_id=guild_id, within=within)
        return [await self._with_answers(row) for row in rows]

    async def open_reports(
        self, guild_id: int, *, message_id: int | None, within: timedelta, limit: int, titles: int
    ) -> OpenReports:
        rows = await self._sql.all(
            "open_reports",
            guild_id=guild_id,
            message_id=message_id,
            within=within,
            limit=limit,
            titles=titles,
        )
        return OpenReports(tuple(_report(row) for row in rows), tuple(rows[0]["titles"]) if rows else ())

    async def save_triage(self, triage: Triage) -> None:
        await self._sql.all(
            "save_triage",
            triage,
            triage_id=triage.id,
            reevaluate_at=triage.due_at,
            idle_due_at=triage.idle.due_at,
            idle_asked_at=triage.idle.asked_at,
            idle_asked_name=triage.idle.asked_name,
            idle_rounds=triage.idle.rounds,
            continued_at=triage.idle.continued_at,
            continued_by_id=triage.idle.continued_by_id,
            continued_by_name=triage.idle.continued_by_name,
        )


class PostgresTriageAnswers(TransactionPart):
    """A `bot.services.ports.store.triages.TriageAnswers`."""

    async def given_answers(self, triage_id: int) -> list[StoredAnswer]:
        return [
            from_row(StoredAnswer, row) for row in await self._sql.all("given_answers", triage_id=triage_id)
        ]

    async def add_answer(
        self, triage_id: int, *, question: str, answer: str, unsure: bool, by: Person
    ) -> None:
        await self._sql.all(
            "add_answer",
            triage_id=triage_id,
            question=question,
            answer=answer,
            unsure=unsure,
            by_id=by.id,
            by_name=by.name,
        )

    async def withdraw_answers(self, triage_id: int, *, since: str, by: Person) -> None:
        await self._sql.all(
            "withdraw_answers", triage_id=triage_id, question=since, by_id=by.id, by_name=by.name
        )

    async def given_choices(self, triage_id: int) -> list[StoredChoice]:
        return [
            from_row(StoredChoice, row) for row in await self._sql.all("given_choices", triage_id=triage_id)
        ]

    async def add_choice(self, triage_id: int, *, proposed: str | None, severity: str, by: Person) -> None:
        await self.withdraw_choice(triage_id, by=by)
        await self._sql.all(
            "add_choice",
            triage_id=triage_id,
            proposed=proposed,
            severity=severity,
            by_id=by.id,
            by_name=by.name,
        )

    async def withdraw_choice(self, triage_id: int, *, by: Person) -> None:
        await self._sql.all("withdraw_choice", triage_id=triage_id, by_id=by.id, by_name=by.name)


def _report(row: Row) -> OpenReport:
    return OpenReport(
        number=row["id"],
        title=row["title"],
        targets=tuple(row["targets"]),
        symptoms=tuple(row["symptoms"]),
        incident=partial(incident_from_row, row),
    )


def _triage(row: Row, answers: Sequence[Row]) -> Triage:
    """Return the triage of *row* with its current *answers*."""
    return from_row(
        Triage,
        row,
        targets=tuple(row["targets"]),
        symptoms=tuple(row["symptoms"]),
        status=TriageStatus(row["status"]),
        answers=tuple(from_row(StoredAnswer, answer) for answer in answers),
        evidence=None if row["evidence"] is None else Evidence.from_json(row["evidence"]),
        due_at=row["reevaluate_at"],
        idle=from_row(
            Idle,
            row,
            due_at=row["idle_due_at"],
            asked_at=row["idle_asked_at"],
            asked_name=row["idle_asked_name"],
            rounds=row["idle_rounds"],
        ),
    )
