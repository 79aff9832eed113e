"""The views of the DLQ's console that are too long for a button."""

from collections.abc import Mapping
from typing import Protocol


class DlqViews(Protocol):
    """Remembers views for a while, each in a statement of its own."""

    async def remember_dlq_views(self, guild_id: int, states: Mapping[str, str]) -> None:
        """Keep each state under its token, for a month from its last use on."""

    async def dlq_view(self, guild_id: int, token: str) -> str | None:
        """Return the state of a token; None if it is unknown, or was not used for a month."""
