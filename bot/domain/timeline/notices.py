"""What the lines in an incident's thread say about entries that people write."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from bot.domain.delivery.notices import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteNotice(Notice):
    """A note.

    Attributes:
        at: When it happened, if that was given.
    """

    name: ClassVar = "note"

    text: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedNotice(Notice):
    """An entry was corrected; what has not changed is None.

    Attributes:
        before, text: Its words; *before* is empty where only other parts have changed.
        impact_before, impact: Of a status update.
        at_before, at: The time.
    """

    name: ClassVar = "corrected"

    before: str | None = None
    text: str | None = None
    impact_before: str | None = None
    impact: str | None = None
    at_before: datetime | None = None
    at: datetime | None = None
