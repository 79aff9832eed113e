"""What timeline entries hold that people write, pin or do in Discord."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from bot.domain.timeline.entries import EntryData, TimelineKind


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteEntry(EntryData):
    """A note."""

    kind: ClassVar = TimelineKind.NOTE

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedEntry(EntryData):
    """What counts of an entry from now on.

    Attributes:
        impact: Of a status update; empty when there is none.
        at: The new time, if that was moved.
    """

    kind: ClassVar = TimelineKind.CORRECTED

    text: str
    impact: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedEntry(EntryData):
    """A message of the thread; its text may be filled in later, once.

    Attributes:
        is_readable: False when Discord keeps its words from the bot.
    """

    kind: ClassVar = TimelineKind.PINNED

    text: str
    author_id: int
    author_name: str | None
    url: str
    message_id: int
    channel_id: int
    is_readable: bool | None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PinEditedEntry(EntryData):
    """Its author has edited it."""

    kind: ClassVar = TimelineKind.PIN_EDITED

    message_id: int
    text: str
    is_readable: bool | None
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PinDeletedEntry(EntryData):
    """It was deleted in Discord.

    Attributes:
        text: How it began; empty if its words were never readable, None if not known.
    """

    kind: ClassVar = TimelineKind.PIN_DELETED

    message_id: int
    author_name: str | None
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceJoinedEntry(EntryData):
    """A person joined a voice channel."""

    kind: ClassVar = TimelineKind.VOICE_JOINED

    channel: str
