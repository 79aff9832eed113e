"""Announcements to users."""

from typing import Protocol

from bot.domain.announcements.announcement import Announcement
from bot.domain.incident.incident import Incident


class AnnouncementReads(Protocol):
    """Reads announcements, within a transaction or without one."""

    async def announcements(self, incident_id: int) -> list[Announcement]:
        """Return the announcements of an incident in the order of their numbers."""

    async def last_announced(self, incident: Incident) -> Announcement | None:
        """Return the last one that was published of an incident and of its duplicates; None: none was."""


class AnnouncementWrites(AnnouncementReads, Protocol):
    """The part of a transaction that changes them. The incident must be locked."""

    async def save_announcement(self, announcement: Announcement) -> None:
        """Store an announcement, new or changed."""
