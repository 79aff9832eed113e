"""What timeline entries hold that people write, pin or do in Discord."""

from datetime import datetime

from bot.domain.timeline.entries import EntryData, TimelineKind


class NoteEntry(EntryData, kind=TimelineKind.NOTE):
    """A note that a person wrote for the timeline."""

    text: str


class CorrectedEntry(EntryData, kind=TimelineKind.CORRECTED):
    """What counts of an entry from now on.

    Attributes:
        impact: Of a status update; empty when there is none.
        at: The new time, if that was moved.
    """

    text: str
    impact: str | None = None
    at: datetime | None = None


class PinnedEntry(EntryData, kind=TimelineKind.PINNED):
    """A message of the thread; its text may be filled in later, once.

    Attributes:
        is_readable: False when Discord keeps its words from the bot.
    """

    text: str
    author_id: int
    author_name: str | None
    url: str
    message_id: int
    channel_id: int
    is_readable: bool | None
    at: datetime | None = None


class PinEditedEntry(EntryData, kind=TimelineKind.PIN_EDITED):
    """The author of a pinned message has edited it."""

    message_id: int
    text: str
    is_readable: bool | None
    url: str


class PinDeletedEntry(EntryData, kind=TimelineKind.PIN_DELETED):
    """It was deleted in Discord.

    Attributes:
        text: How it began; empty if its words were never readable, None if not known.
    """

    message_id: int
    author_name: str | None
    text: str | None


class VoiceJoinedEntry(EntryData, kind=TimelineKind.VOICE_JOINED):
    """A person joined a voice channel."""

    channel: str
