"""Walks through the decision tree, within a transaction."""

from datetime import datetime

from bot.domain.errors import UserError
from bot.domain.people import Person
from bot.domain.triage_session import NewTriage, Triage, TriageStatus
from bot.storage.rows import triage_from_rows
from bot.storage.sql import Row, Sql


class TriageWrites:
    """The part of a transaction that is about triage."""

    _sql: Sql

    async def insert_triage(self, new: NewTriage) -> Triage:
        row = await self._sql.first(
            "insert_triage",
            new.guild_id,
            new.key,
            new.by.id,
            new.by.name,
            new.title,
            new.targets,
            new.symptoms,
            new.started_at,
        )
        return await with_answers(self._sql, row or await self._sql.one("triage_by_key", new.key))

    async def triage(self, triage_id: int, *, lock: bool = False) -> Triage:
        row = await self._sql.first("lock_triage" if lock else "triage", triage_id)
        return await with_answers(self._sql, row)

    async def add_answer(
        self, triage_id: int, *, question: str, answer: str, unsure: bool, by: Person
    ) -> None:
        await self._sql.all("add_answer", triage_id, question, answer, unsure, by.id, by.name)

    async def withdraw_last_answer(self, triage_id: int) -> None:
        await self._sql.all("withdraw_last_answer", triage_id)

    async def set_triage(
        self,
        triage_id: int,
        *,
        status: TriageStatus,
        severity: str | None = None,
        incident_id: int | None = None,
        reevaluate_at: datetime | None = None,
    ) -> None:
        await self._sql.all("set_triage", triage_id, status, severity, incident_id, reevaluate_at)


async def with_answers(sql: Sql, row: Row | None) -> Triage:
    """The triage of *row* with its standing answers.

    Raises:
        UserError: *row* is None: there is no such triage.
    """
    if row is None:
        raise UserError("triage_not_found")
    return triage_from_rows(row, await sql.all("standing_answers", row["id"]))
