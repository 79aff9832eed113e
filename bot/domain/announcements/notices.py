"""The lines in the thread about announcements."""

from bot.domain.announcements.announcement import AnnouncementState, PublishedAnnouncement
from bot.domain.delivery.notices import Notice


class AnnouncedNotice(Notice, name="announced"):
    """An announcement was published."""

    said: PublishedAnnouncement


class AnnouncementFailedNotice(Notice, name="announcement_failed"):
    """An approved announcement could not be sent; *reason* is one line."""

    number: int
    reason: str


class FollowUpNotice(Notice, name="follow_up"):
    """Users have not been told of the incident's present state yet.

    Attributes:
        state: The state to tell them.
        told: The state that they were told last.
    """

    state: AnnouncementState = AnnouncementState.RESOLVED
    told: AnnouncementState = AnnouncementState.INVESTIGATING
