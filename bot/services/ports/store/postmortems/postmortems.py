"""How incidents were resolved, and their postmortems."""

from datetime import timedelta
from typing import Protocol

from bot.domain.incident.aftermath import Postmortem, Resolution
from bot.domain.incident.incident import Incident
from bot.domain.postmortem.owing import OwedPostmortem


class PostmortemReads(Protocol):
    """Reads resolutions and postmortems, within a transaction or without one."""

    async def resolution(self, incident_id: int) -> Resolution | None:
        """Return how an incident was resolved last; None if no words were kept."""

    async def postmortem(self, incident_id: int) -> Postmortem | None:
        """Return an incident's postmortem; None if it never owed one."""

    async def owed_postmortems(self, guild_id: int) -> list[OwedPostmortem]:
        """Return the postmortems that a guild owes, the earliest date first; private incidents included."""


class PostmortemWrites(PostmortemReads, Protocol):
    """The part of a transaction that changes them. The incident must be locked."""

    async def save_resolution(self, incident: Incident, resolution: Resolution) -> None:
        """Write how an incident was resolved, in the place of what was written before."""

    async def save_postmortem(self, incident: Incident, postmortem: Postmortem) -> None:
        """Write an incident's postmortem."""

    async def want_draft(self, incident_id: int, *, after: timedelta) -> bool:
        """Note that the draft of an owed postmortem is due in *after*; return False if none is owed."""

    async def draft_wanted(self, incident_id: int) -> int:
        """Return how often `want_draft` has asked for the draft; 0 if no postmortem was ever owed."""

    async def note_drafted(self, incident_id: int, *, wanted: int) -> None:
        """Note that the draft was made, unless it was asked for again since.

        Args:
            wanted: `draft_wanted` when the draft's facts were read.
        """
