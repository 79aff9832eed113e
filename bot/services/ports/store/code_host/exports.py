"""Exports to the code host: the pull requests of postmortems."""

from typing import Protocol

from bot.domain.postmortem.pull import PullExport


class PullExportReads(Protocol):
    """Reads the pull requests of postmortems."""

    async def pull_export(self, incident_id: int) -> PullExport | None:
        """Return the postmortem on the code host; None if it was never asked for."""


class PullExportWrites(Protocol):
    """The part of a transaction that changes them. Lock the incident before."""

    async def want_pull_export(self, incident_id: int, *, guild_id: int, repository: str) -> None:
        """Note that a draft is to go to the code host, now."""

    async def lock_pull_export(self, incident_id: int) -> PullExport | None:
        """Lock and return the postmortem on the code host."""

    async def save_pull_export(self, export: PullExport) -> None:
        """Write a locked one, without what `want_pull_export` writes."""

    async def end_pull_export(self, incident_id: int) -> bool:
        """Let the export of an incident be looked at now: it has become private. False: there is none."""

    async def rename_repository(self, guild_id: int, *, before: str, now: str) -> None:
        """Let all pull requests of a guild in a repository go on under its new name."""
