"""The drafts of postmortems."""

from typing import Protocol

from bot.domain.postmortem.document import PostmortemDocument


class DocumentReads(Protocol):
    """Reads the drafts of postmortems."""

    async def document(self, incident_id: int) -> PostmortemDocument | None:
        """Return the draft of an incident's postmortem; None if there is none so far."""


class DocumentWrites(Protocol):
    """The part of a transaction that changes drafts."""

    async def lock_document(self, incident_id: int) -> PostmortemDocument | None:
        """Return the latest draft, locked; lock the incident first."""

    async def free_path(self, path: str, *, incident_id: int, guild_id: int) -> bool:
        """Return True if no other incident of the guild has this path, and keep it free until the commit."""

    async def save_document(self, document: PostmortemDocument) -> None:
        """Store a draft, in the place of an earlier one."""
