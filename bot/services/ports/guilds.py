"""Whose a row is, where a number came without a guild: from a job, or from a direct message."""

from typing import Protocol


class GuildFinder(Protocol):
    """Looks over all guilds. None of these tells anything about a row but its guild; None: no such row."""

    async def guild_of_incident(self, incident_id: int) -> int | None:
        """Return an incident's guild."""

    async def guild_of_triage(self, triage_id: int) -> int | None:
        """Return a triage's guild."""

    async def guild_of(self, query: str, number: int) -> int | None:
        """Return the guild that a capability's query finds for a number of its own."""

    async def guild_of_delivery(self, delivery_id: int) -> int | None:
        """Return a delivery's guild."""

    async def guild_of_message(self, message_id: int) -> int | None:
        """Return the guild of the incident on whose message a 👀 counts (`Store.incident_by_message`)."""
