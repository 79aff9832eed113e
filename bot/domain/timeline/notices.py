"""What the lines in an incident's thread say about entries that people write."""

from datetime import datetime

from bot.domain.delivery.notices import Notice


class NoteNotice(Notice, name="note"):
    """A note.

    Attributes:
        at: When it happened, if that was given.
    """

    text: str
    at: datetime | None = None


class CorrectedNotice(Notice, name="corrected"):
    """An entry was corrected; what has not changed is None.

    Attributes:
        before, text: Its words; *before* is empty where only other parts have changed.
        impact_before, impact: Of a status update.
        at_before, at: The time.
    """

    before: str | None = None
    text: str | None = None
    impact_before: str | None = None
    impact: str | None = None
    at_before: datetime | None = None
    at: datetime | None = None
