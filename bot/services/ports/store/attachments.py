"""The files that messages carry."""

from collections.abc import Sequence
from typing import Protocol

from bot.domain.delivery.attachments import Attachment


class AttachmentReads(Protocol):
    """Reads files, each time in a statement of its own."""

    async def attachments(self, keys: Sequence[str]) -> list[Attachment]:
        """Return the files with these keys, in any order; an unknown key is left out."""


class AttachmentWrites(Protocol):
    """The part of a transaction that stores files."""

    async def add_attachment(self, attachment: Attachment) -> None:
        """Store a file, before the delivery that carries it. A known key is skipped."""

    async def remove_attachments(self, keys: Sequence[str]) -> None:
        """Remove files that no message needs any more, or whose words others may not read any more."""
