"""What the timeline keeps of announcements."""

from bot.domain.announcements.announcement import PublishedAnnouncement
from bot.domain.timeline.entries import EntryData, TimelineKind


class AnnouncedEntry(EntryData, kind=TimelineKind.ANNOUNCED):
    """An announcement was published, by the person who approved it."""

    said: PublishedAnnouncement


class AnnouncementFailedEntry(EntryData, kind=TimelineKind.ANNOUNCEMENT_FAILED):
    """An approved announcement could not be sent; *reason* is one line."""

    number: int
    reason: str
