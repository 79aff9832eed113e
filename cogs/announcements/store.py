"""The table of announcements."""

from bot.domain.incident.incident import ByPerson, Incident
from bot.domain.payloads import Json
from bot.storage.database.sql import Row, Sql
from bot.storage.rows import from_row
from cogs.announcements.rules import (
    Announcement,
    AnnouncementState,
    AnnouncementStatus,
    AnnouncementText,
    PublishedVia,
)


class Announcements:
    """The announcements of the guild that *sql* is for, within a transaction or without one."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def of(self, incident_id: int) -> list[Announcement]:
        """Return the announcements of an incident in the order of their numbers."""
        rows = await self._sql.all("announcements", incident_id=incident_id, guild_id=self._sql.guild_id)
        return [_announcement(row) for row in rows]

    async def last(self, incident: Incident) -> Announcement | None:
        """Return the last one that was published of an incident and of its duplicates; None: none was."""
        row = await self._sql.first("last_announced", incident_id=incident.id, guild_id=self._sql.guild_id)
        return None if row is None else _announcement(row)

    async def save(self, announcement: Announcement) -> None:
        """Store an announcement, new or changed, in a transaction that has locked the incident."""
        await self._sql.all(
            "save_announcement",
            announcement,
            texts={channel: words.to_json() for channel, words in announcement.texts.items()},
            drafted_by=announcement.drafted_by.to_json(),
            edited_by=_json(announcement.edited_by),
            approved_by=_json(announcement.approved_by),
        )


async def of_incident(sql: Sql, incident: Incident) -> list[Announcement]:
    """Return the announcements of an incident in the order of their numbers."""
    return await Announcements(sql).of(incident.id)


def _json(act: ByPerson | None) -> dict[str, object] | None:
    return None if act is None else act.to_json()


def _act(stored: Json | None) -> ByPerson | None:
    return None if stored is None else ByPerson.from_json(stored)


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
