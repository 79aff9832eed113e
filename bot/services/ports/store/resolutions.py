"""How incidents were resolved."""

from typing import Protocol

from bot.domain.incident.aftermath import Resolution
from bot.domain.incident.incident import Incident


class ResolutionReads(Protocol):
    """Reads how incidents were resolved, within a transaction or without one."""

    async def resolution(self, incident_id: int) -> Resolution | None:
        """Return how an incident was resolved last; None if no words were kept."""


class ResolutionWrites(ResolutionReads, Protocol):
    """The part of a transaction that changes that. The incident must be locked."""

    async def save_resolution(self, incident: Incident, resolution: Resolution) -> None:
        """Write how an incident was resolved, in the place of what was written before."""
