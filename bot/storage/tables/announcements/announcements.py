"""Announcements to users."""

from bot.domain.announcements.announcement import (
    Announcement,
    AnnouncementState,
    AnnouncementStatus,
    AnnouncementText,
    PublishedVia,
)
from bot.domain.incident.incident import ByPerson, Incident
from bot.domain.payloads import Json
from bot.storage.database.sql import Row
from bot.storage.rows import from_row
from bot.storage.tables.bases import ReadPart


class PostgresAnnouncementReads(ReadPart):
    """A `bot.services.ports.store.announcements.announcements.AnnouncementReads`."""

    async def announcements(self, incident_id: int) -> list[Announcement]:
        rows = await self._sql.all("announcements", incident_id=incident_id, guild_id=self._guild_id)
        return [_announcement(row) for row in rows]

    async def last_announced(self, incident: Incident) -> Announcement | None:
        row = await self._sql.first("last_announced", incident_id=incident.id, guild_id=self._guild_id)
        return None if row is None else _announcement(row)


class PostgresAnnouncementWrites(PostgresAnnouncementReads):
    """A `bot.services.ports.store.announcements.announcements.AnnouncementWrites`."""

    async def save_announcement(self, announcement: Announcement) -> None:
        await self._sql.all(
            "save_announcement",
            announcement,
            texts={channel: words.to_json() for channel, words in announcement.texts.items()},
            drafted_by=announcement.drafted_by.to_json(),
            edited_by=_json(announcement.edited_by),
            approved_by=_json(announcement.approved_by),
        )


def _json(kept: ByPerson | None) -> dict[str, object] | None:
    return None if kept is None else kept.to_json()


def _act(kept: Json | None) -> ByPerson | None:
    return None if kept is None else ByPerson.from_json(kept)


def _announcement(row: Row) -> Announcement:
    via = row["published_via"]
    return from_row(
        Announcement,
        row,
        state=AnnouncementState(row["state"]),
        targets=tuple(row["targets"]),
        texts={channel: AnnouncementText.from_json(words) for channel, words in row["texts"].items()},
        status=AnnouncementStatus(row["status"]),
        drafted_by=ByPerson.from_json(row["drafted_by"]),
        edited_by=_act(row["edited_by"]),
        approved_by=_act(row["approved_by"]),
        published_via=None if via is None else PublishedVia(via),
    )
