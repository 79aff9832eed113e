"""Entries of what was recorded: notes, pinned messages, evidence, and what the thread says of them."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.delivery.delivery import Notice
from bot.domain.payloads import Payload, keyed
from bot.domain.timeline.entries import EntryData, TimelineKind
from bot.domain.triage.session import Evidence, JoinedReport


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


class EvidenceEntry(EntryData, kind=TimelineKind.EVIDENCE):
    """The message that the triage started from; attributes as `Evidence`."""

    text: str
    author_id: int
    author_name: str
    url: str
    at: datetime

    @classmethod
    def of(cls, evidence: Evidence) -> "EvidenceEntry":
        """Return the entry about *evidence*."""
        return cls(
            text=evidence.text,
            author_id=evidence.author_id,
            author_name=evidence.author_name,
            url=evidence.url,
            at=evidence.at,
        )


class GivenAnswer(Payload):
    """An answer.

    Attributes:
        unsure: The person did not know it for sure.
        by, at: Who gave it, and when.
        withdrawn, withdrawn_by: When it was taken back, and by whom; None: it counts.
    """

    question: str
    answer: str
    unsure: bool
    by: str | None
    at: datetime
    withdrawn: datetime | None
    withdrawn_by: str | None


class SeverityChoice(Payload):
    """A severity chosen by hand; attributes as `GivenAnswer`.

    Attributes:
        proposed: What the tree had said; None: nothing yet.
        counts: It is the one that counted in the end.
    """

    proposed: str | None
    severity: str
    counts: bool
    by: str | None
    at: datetime
    withdrawn: datetime | None
    withdrawn_by: str | None


class TriagedEntry(EntryData, kind=TimelineKind.TRIAGED):
    """The whole triage.

    Attributes:
        triage: Its number; 0 in a row of an older version.
        started_by: The name of the person who began it.
        chosen: The severity chosen by hand; an older version wrote no choices beside it.
        joined: What was reported, if the triage has joined an incident of others.
    """

    triage: int
    started_by: str | None
    chosen: str | None
    answers: tuple[GivenAnswer, ...]
    choices: tuple[SeverityChoice, ...]
    joined: JoinedReport | None = None


class PromotedEntry(EntryData, kind=TimelineKind.PROMOTED):
    """A re-evaluation without an answer was raised.

    Attributes:
        triaged_by, asked_at: Who triaged, and when the bot asked; None in a row of an older version.
    """

    triage: int
    triaged_by: str | None
    asked_at: datetime | None


class UnfinishedEntry(EntryData, kind=TimelineKind.UNFINISHED):
    """A triage that its person left unfinished was raised.

    Attributes:
        left_by, asked_at: Who left it, and when the bot asked them.
    """

    triage: int
    left_by: str | None
    asked_at: datetime | None


class DeliveryFailedEntry(EntryData, kind=TimelineKind.DELIVERY_FAILED):
    """A delivery was given up.

    Attributes:
        of: Its kind.
        to: As `Delivery.to`.
        name: Of the person it was about, where that is known.
    """

    of: str = keyed("kind")
    to: str
    reason: str
    name: str | None = None


class EmailedEntry(EntryData, kind=TimelineKind.EMAILED):
    """An email went out as the backup of a message in Discord."""

    recipients: int | None


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """A message as Discord has it now.

    Attributes:
        channel_id: The thread.
        content: Author, words, address and time.
        is_readable: False when Discord keeps its words from the bot.
        edited_at: When it was last edited, aware.
        has_pin: A person has put the policy's pin under it.
    """

    id: int
    channel_id: int
    content: Evidence
    is_readable: bool = True
    edited_at: datetime | None = None
    has_pin: bool = False

    def as_pinned(self) -> PinnedEntry:
        """Return the timeline entry PINNED."""
        return PinnedEntry(
            text=self.content.text,
            author_id=self.content.author_id,
            author_name=self.content.author_name,
            url=self.content.url,
            at=self.content.at,
            message_id=self.id,
            channel_id=self.channel_id,
            is_readable=self.is_readable,
        )


class PinSeenData(Payload):
    """The bot's ✅ under a message that is on the timeline now."""

    channel_id: int
    message_id: int
