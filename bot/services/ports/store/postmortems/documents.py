"""The drafts of postmortems."""

from typing import Protocol

from bot.domain.incident.incident import Incident
from bot.domain.postmortem.document import PostmortemDocument


class DocumentReads(Protocol):
    """Reads the drafts of postmortems."""

    async def document(self, incident_id: int) -> PostmortemDocument | None:
        """Return the draft of an incident's postmortem; None if there is none so far."""


class DocumentWrites(Protocol):
    """The part of a transaction that changes drafts."""

    async def lock_document(self, incident_id: int) -> PostmortemDocument | None:
        """Return the latest draft, locked; lock the incident first."""

    async def free_path(self, path: str, *, incident: Incident, repository: str | None) -> bool:
        """Return True if no other incident has this path, and keep it free until the commit.

        Args:
            repository: Where the postmortems go, those of other guilds too; None: only the guild's own count.
        """

    async def save_document(self, document: PostmortemDocument) -> None:
        """Store a draft, in the place of an earlier one."""
