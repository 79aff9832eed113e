"""What changed before an incident, the decision on a rollback, and the past incidents to compare with."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.incident.incident import Incident
from bot.storage.database.sql import Sql
from bot.storage.rows import incident_from_row
from cogs.suspects.rules import KnownReport, Rollback, SuspectCard


@dataclass(frozen=True, slots=True)
class EndedIncident:
    """A past incident with what is worth knowing of it.

    Attributes:
        incident: With its aftermath.
        open_items: Its open action items, the first to be due first.
        topics: Of the command sheets whose output was kept on its timeline.
    """

    incident: Incident
    open_items: tuple[str, ...]
    topics: tuple[str, ...]


class SuspectStore:
    """The rows of the guild that *sql* is for, within a transaction or without one.

    Who changes them has locked the incident.
    """

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def card(self, incident_id: int) -> SuspectCard | None:
        """Return the card of an incident; None before it is made."""
        row = await self._sql.first("suspect_card", incident_id=incident_id, guild_id=self._sql.guild_id)
        return None if row is None else SuspectCard.from_json(row["card"])

    async def save_card(self, incident: Incident, card: SuspectCard) -> None:
        """Store the card of an incident, in the place of the one before."""
        await self._sql.all(
            "save_suspect_card", incident_id=incident.id, guild_id=incident.guild_id, card=card.to_json()
        )

    async def cards_with(self, guild_id: int, number: int) -> list[int]:
        """Return the incidents whose cards name past incident *number*."""
        rows = await self._sql.all("cards_with", guild_id=guild_id, named={"past": [{"number": number}]})
        return [row["incident_id"] for row in rows]

    async def save_rollback(self, incident: Incident, rollback: Rollback) -> None:
        """Store the decision that counts from now on."""
        await self._sql.all("save_rollback", rollback, incident_id=incident.id, guild_id=incident.guild_id)

    async def past_reports(self, guild_id: int, *, limit: int) -> list[KnownReport]:
        """Return the latest resolved incidents of a guild, the latest first.

        Private incidents, drills and tracked alerts are left out.
        """
        rows = await self._sql.all("past_reports", guild_id=guild_id, limit=limit)
        return [  # by hand, since there are thousands of them
            KnownReport(
                row["number"], row["title"], tuple(row["targets"]), tuple(row["symptoms"]), row["fingerprint"]
            )
            for row in rows
        ]

    async def ended_incidents(self, guild_id: int, numbers: Sequence[int]) -> list[EndedIncident]:
        """Return those of *numbers* that are resolved and not private, in no order."""
        rows = await self._sql.all("ended_incidents", guild_id=guild_id, numbers=list(numbers))
        return [
            EndedIncident(incident_from_row(row), tuple(row["open_items"] or ()), tuple(row["topics"] or ()))
            for row in rows
        ]

    async def still_public(self, guild_id: int, numbers: Sequence[int]) -> frozenset[int]:
        """Return those of *numbers* that are not private, and keep them so until the commit."""
        rows = await self._sql.all("still_public", guild_id=guild_id, numbers=list(numbers))
        return frozenset(row["id"] for row in rows)
