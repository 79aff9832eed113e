"""What this installation serves."""

from datetime import datetime
from typing import Protocol

from bot.domain.installation import Installation


class InstallationReads(Protocol):
    """Reads the facts of the installation, and registers guilds."""

    async def installation(self) -> Installation:
        """Return the facts that all instances on this database share."""

    async def register_guild(self, guild_id: int) -> datetime:
        """Note since when we serve a guild; returns that time."""
