"""What changed before an incident, the decision on a rollback, and the past incidents to compare with."""

from collections.abc import Sequence

from bot.domain.incident.incident import Incident
from bot.domain.seen_before.ranking import KnownReport
from bot.domain.suspects.card import SuspectCard
from bot.domain.suspects.rollback import Rollback
from bot.services.ports.store.suspects import EndedIncident
from bot.storage.database.sql import Row
from bot.storage.rows import incident_from_row
from bot.storage.tables.bases import ReadPart


class PostgresSuspectReads(ReadPart):
    """A `bot.services.ports.store.suspects.SuspectReads`."""

    async def suspect_card(self, incident_id: int) -> SuspectCard | None:
        row = await self._sql.first("suspect_card", incident_id=incident_id, guild_id=self._guild_id)
        return None if row is None else SuspectCard.from_json(row["card"])

    async def past_reports(self, guild_id: int, *, limit: int) -> list[KnownReport]:
        return [_report(row) for row in await self._sql.all("past_reports", guild_id=guild_id, limit=limit)]

    async def ended_incidents(self, guild_id: int, numbers: Sequence[int]) -> list[EndedIncident]:
        rows = await self._sql.all("ended_incidents", guild_id=guild_id, numbers=list(numbers))
        return [
            EndedIncident(incident_from_row(row), tuple(row["open_items"] or ()), tuple(row["topics"] or ()))
            for row in rows
        ]

    async def cards_with(self, guild_id: int, number: int) -> list[int]:
        rows = await self._sql.all("cards_with", guild_id=guild_id, named={"past": [{"number": number}]})
        return [row["incident_id"] for row in rows]


class PostgresSuspectWrites(PostgresSuspectReads):
    """A `bot.services.ports.store.suspects.SuspectWrites`."""

    async def save_suspect_card(self, incident: Incident, card: SuspectCard) -> None:
        await self._sql.all(
            "save_suspect_card", incident_id=incident.id, guild_id=incident.guild_id, card=card.to_json()
        )

    async def still_public(self, guild_id: int, numbers: Sequence[int]) -> frozenset[int]:
        rows = await self._sql.all("still_public", guild_id=guild_id, numbers=list(numbers))
        return frozenset(row["id"] for row in rows)

    async def save_rollback(self, incident: Incident, rollback: Rollback) -> None:
        await self._sql.all("save_rollback", rollback, incident_id=incident.id, guild_id=incident.guild_id)


def _report(row: Row) -> KnownReport:
    """Return what one row says; by hand, since there are thousands of them."""
    return KnownReport(
        row["number"], row["title"], tuple(row["targets"]), tuple(row["symptoms"]), row["fingerprint"]
    )
