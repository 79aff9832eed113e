"""Triages: walks through the decision tree."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.domain.delivery.kinds import ACK_KINDS
from bot.domain.errors import UserError
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.triage.session import (
    Evidence,
    Idle,
    NewTriage,
    SignOfLife,
    StoredAnswer,
    StoredChoice,
    Triage,
    TriageStatus,
)
from bot.storage.database.sql import Row, Sql
from bot.storage.rows import from_row, incident_from_row


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """The facts about a message to triage.

    Attributes:
        is_of_drill: It is in a thread of a drill, or a post of one.
        is_confided: Its channel is, or was, the thread of an incident that is private now.
        team: Whose alert it is, if it is a monitor's message: as `NewIncident` has it.
        raised: The open incident that it has become, or the one that this was merged into; private incidents
            and drills are left out. A message becomes an incident by a triage, or when a tracked alert is
            declared. A post of the bot's, such as an alert, counts as the incident that it shows; a bundle
            shows several, and counts as none.
    """

    is_of_drill: bool
    is_confided: bool
    raised: Incident | None
    team: str | None = None


@dataclass(frozen=True, slots=True)
class OpenReport:
    """What an open incident was reported as.

    Attributes:
        number: Of the incident.
        incident: Makes the whole incident of what was read: for a hundred of them that takes milliseconds.
    """

    number: int
    title: str
    targets: tuple[str, ...]
    symptoms: tuple[str, ...]
    incident: Callable[[], Incident]


@dataclass(frozen=True, slots=True)
class OpenReports:
    """What a report is compared with.

    Attributes:
        open: The open incidents that everybody may see, newest first.
        titles: Of the latest incidents, ended ones too.
    """

    open: tuple[OpenReport, ...]
    titles: tuple[str, ...]


class TriageRows:
    """Triages, and the messages they are about. What locks or saves needs a transaction."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def note_message(self, channel_id: int, message_id: int, evidence: Evidence) -> None:
        """Keep for a day the message from which a triage form was opened; a later call replaces it."""
        await self._sql.all(
            "note_message", channel_id=channel_id, message_id=message_id, evidence=evidence.to_json()
        )

    async def noted_message(self, channel_id: int, message_id: int) -> Evidence | None:
        """Return the message that `note_message` has kept, or None."""
        row = await self._sql.first("noted_message", channel_id=channel_id, message_id=message_id)
        return None if row is None else Evidence.from_json(row["evidence"])

    async def known_message(self, channel_id: int, message_id: int | None) -> KnownMessage:
        """Return all that is known of a message in one round trip; None: of its channel."""
        row = await self._sql.one(
            "known_message",
            channel_id=channel_id,
            message_id=message_id,
            guild_id=self._sql.guild_id,
            kinds=sorted(ACK_KINDS),
        )
        raised = None if row["id"] is None else incident_from_row(row)
        return KnownMessage(row["is_of_drill"], row["is_confided"], raised, row["said_team"])

    async def insert_triage(
        self, new: NewTriage, *, due_at: datetime, idle_due_at: datetime | None = None
    ) -> tuple[Triage, bool]:
        """Start a triage; return it, or the one of a known key, and whether it was made now.

        Args:
            due_at: When its job is due.
            idle_due_at: When to look if the triage is still being answered.
        """
        row = await self._sql.first(
            "insert_triage",
            new,
            user_id=new.by.id,
            user_name=new.by.name,
            evidence=None if new.evidence is None else new.evidence.to_json(),
            reporter_id=None if new.reporter is None else new.reporter.id,
            reporter_name=None if new.reporter is None else new.reporter.name,
            reevaluate_at=due_at,
            idle_due_at=idle_due_at,
        )
        if row is not None:
            return _triage(row, ()), True
        return await self._with_answers(await self._sql.one("triage_by_key", key=new.key)), False

    async def triage_of_message(self, channel_id: int, message_id: int) -> Triage | None:
        """Return the latest triage of a message that is unfinished or waits to be reevaluated."""
        row = await self._sql.first(
            "triage_of_message", channel_id=channel_id, message_id=message_id, guild_id=self._sql.guild_id
        )
        return None if row is None else await self._with_answers(row)

    async def walks_about(self, incident_id: int) -> list[Triage]:
        """Lock and return the unfinished triages of messages of an incident, or of one merged into it.

        These messages have become the incident or are counted on it. Oldest first.
        """
        rows = await self._sql.all("walks_about", incident_id=incident_id)
        return [await self._with_answers(row) for row in rows]

    async def question_at(self, message_id: int) -> tuple[int, str] | None:
        """Return the triage that a post asks to reevaluate, and the post's key; None if it is no such post.

        Once the triage has an incident, the post belongs to that one.
        """
        row = await self._sql.first("question_at", message_id=message_id, guild_id=self._sql.guild_id)
        return None if row is None else (row["triage_id"], row["key"])

    async def lock_message(self, channel_id: int, message_id: int) -> None:
        """Lock a message until the commit."""
        await self._sql.all("lock_message", message=f"{channel_id}:{message_id}")

    async def triage(self, triage_id: int, *, lock: bool = False) -> Triage:
        """Return one triage with its current answers.

        Raises:
            UserError: no such triage.
        """
        row = await self._sql.first(
            "lock_triage" if lock else "triage", triage_id=triage_id, guild_id=self._sql.guild_id
        )
        return await self._with_answers(row)

    async def sign_of_life(self, triage_id: int) -> SignOfLife:
        """Return the last action in a triage: its start, or an answer, choice, withdrawal or continuation."""
        row = await self._sql.one("sign_of_life", triage_id=triage_id)
        return SignOfLife(row["at"], row["by_id"], row["by_name"])

    async def open_triages(self, guild_id: int, *, within: timedelta) -> list[Triage]:
        """Return the open triages that were started within the last *within*, oldest first."""
        rows = await self._sql.all("open_triages", guild_id=guild_id, within=within)
        return [await self._with_answers(row) for row in rows]

    async def open_reports(
        self, guild_id: int, *, message_id: int | None, within: timedelta, limit: int, titles: int
    ) -> OpenReports:
        """Return the open incidents and walks that a report may also be about, in one round trip.

        Private incidents, drills and tracked alerts are left out.

        Args:
            message_id: The message that it is about. If that is an alert's, there is no other incident.
            within: How long ago an incident may have been triggered.
            limit, titles: How many incidents and titles are read.
        """
        rows = await self._sql.all(
            "open_reports",
            guild_id=guild_id,
            message_id=message_id,
            within=within,
            limit=limit,
            titles=titles,
        )
        return OpenReports(
            tuple(
                OpenReport(
                    number=row["id"],
                    title=row["title"],
                    targets=tuple(row["targets"]),
                    symptoms=tuple(row["symptoms"]),
                    incident=partial(incident_from_row, row),
                )
                for row in rows
            ),
            tuple(rows[0]["titles"]) if rows else (),
        )

    async def save_triage(self, triage: Triage) -> None:
        """Write everything that the methods of `Triage` may have changed. The row must be locked."""
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

    async def _with_answers(self, row: Row | None) -> Triage:
        """Return the triage of *row* with those of its answers that still count.

        Raises:
            UserError: *row* is None: there is no such triage.
        """
        if row is None:
            raise UserError("triage_not_found")
        return _triage(row, await self._sql.all("standing_answers", triage_id=row["id"]))


class TriageAnswerRows:
    """The answers and choices in triages."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def given_answers(self, triage_id: int) -> list[StoredAnswer]:
        """Return all answers of a triage in order, withdrawn ones included."""
        return [
            from_row(StoredAnswer, row) for row in await self._sql.all("given_answers", triage_id=triage_id)
        ]

    async def add_answer(
        self, triage_id: int, *, question: str, answer: str, unsure: bool, by: Person
    ) -> None:
        """Record the answer that *by* gave to a question of a triage."""
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
        """Take back the standing answer to the question *since* and all after it; the rows stay, marked."""
        await self._sql.all(
            "withdraw_answers", triage_id=triage_id, question=since, by_id=by.id, by_name=by.name
        )

    async def given_choices(self, triage_id: int) -> list[StoredChoice]:
        """Return every severity chosen over the tree's, in order, withdrawn ones too."""
        return [
            from_row(StoredChoice, row) for row in await self._sql.all("given_choices", triage_id=triage_id)
        ]

    async def add_choice(self, triage_id: int, *, proposed: str | None, severity: str, by: Person) -> None:
        """Record a choice; it withdraws the choice before it."""
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
        """Withdraw the choice that is in force, if there is one; the row stays, marked."""
        await self._sql.all("withdraw_choice", triage_id=triage_id, by_id=by.id, by_name=by.name)


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
        reporter=None if row["reporter_id"] is None else Person(row["reporter_id"], row["reporter_name"]),
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
