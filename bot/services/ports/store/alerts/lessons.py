"""What people have taught about messages that look alike."""

from collections.abc import Sequence
from typing import Protocol

from bot.domain.alerts.lesson import AlertLesson, NewLesson
from bot.domain.people import Person


class AlertLessonReads(Protocol):
    """Reads lessons, each in a statement of its own."""

    async def alert_lesson(self, guild_id: int, sender: str, look: str) -> AlertLesson | None:
        """Return the lesson about a sender's messages that look so; None if nobody has taught one."""

    async def alert_lessons(self, guild_id: int, *, limit: int, offset: int) -> Sequence[AlertLesson]:
        """Return a guild's lessons, the newest first, each with how often it was applied."""


class AlertLessonWrites(Protocol):
    """The part of a transaction that changes lessons."""

    async def teach_alert_lesson(self, lesson: NewLesson, *, by: Person) -> AlertLesson:
        """Store a lesson, in the place of an earlier one about the same messages."""

    async def forget_alert_lesson(self, guild_id: int, lesson_id: int) -> AlertLesson | None:
        """Remove and return a lesson; None if it is gone already."""
