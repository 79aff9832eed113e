"""What people have taught about messages that look alike."""

from bot.domain.alerts.questions import AlertLesson, NewLesson
from bot.domain.alerts.recognition import Says
from bot.domain.people import Person
from bot.storage.database.sql import Row, Sql
from bot.storage.rows import from_row


class AlertLessonRows:
    """What people have taught about messages that look alike."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def alert_lesson(self, guild_id: int, sender: str, look: str) -> AlertLesson | None:
        """Return the lesson about a sender's messages that look so; None if nobody has taught one."""
        row = await self._sql.first("alert_lesson", guild_id=guild_id, sender=sender, look=look)
        return None if row is None else _lesson(row)

    async def alert_lessons(self, guild_id: int, *, limit: int, offset: int) -> list[AlertLesson]:
        """Return a guild's lessons, the newest first, each with how often it was applied."""
        rows = await self._sql.all("alert_lessons", guild_id=guild_id, limit=limit, offset=offset)
        return [_lesson(row) for row in rows]

    async def teach_alert_lesson(self, lesson: NewLesson, *, by: Person) -> AlertLesson:
        """Store a lesson, in the place of an earlier one about the same messages."""
        row = await self._sql.one("teach_alert_lesson", lesson, by_id=by.id, by_name=by.name)
        return _lesson(row)

    async def forget_alert_lesson(self, guild_id: int, lesson_id: int) -> AlertLesson | None:
        """Remove and return a lesson; None if it is gone already."""
        row = await self._sql.first("forget_alert_lesson", guild_id=guild_id, lesson_id=lesson_id)
        return None if row is None else _lesson(row)


def _lesson(row: Row) -> AlertLesson:
    return from_row(AlertLesson, row, says=Says(row["says"]))
