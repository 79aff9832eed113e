"""A message of an incident's thread, on its way to the timeline."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.payloads import Payload
from bot.domain.timeline.written import PinnedEntry
from bot.domain.triage.evidence import Evidence


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
