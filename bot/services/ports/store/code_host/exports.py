"""Exports to the code host: the pull requests of postmortems, and the issues of action items."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.actions.issue import IssueExport, IssuePoll
from bot.domain.postmortem.pull import PullExport


class PullExportReads(Protocol):
    """Reads the pull requests of postmortems."""

    async def pull_export(self, incident_id: int) -> PullExport | None:
        """Return the postmortem on the code host; None if it was never asked for."""


@dataclass(frozen=True, slots=True)
class ExportedIncident:
    """What of an incident is on the code host.

    Attributes:
        has_pull: Its postmortem is, or was to be.
        items: The action items that are, or were to be.
    """

    has_pull: bool
    items: tuple[int, ...]


class ExportEnds(Protocol):
    """The part of a transaction that ends the exports of an incident."""

    async def end_exports(self, incident_id: int) -> ExportedIncident:
        """Let each export of an incident be looked at now, since the incident has become private."""


class PullExportWrites(Protocol):
    """The part of a transaction that changes them. Lock the incident before."""

    async def want_pull_export(self, incident_id: int, *, guild_id: int, repository: str) -> None:
        """Note that a draft is to go to the code host, now."""

    async def lock_pull_export(self, incident_id: int) -> PullExport | None:
        """Lock and return the postmortem on the code host."""

    async def save_pull_export(self, export: PullExport) -> None:
        """Write a locked one, without what `want_pull_export` writes."""


class IssueExportReads(Protocol):
    """Reads the issues of action items."""

    async def issue_export(self, item_id: int) -> IssueExport | None:
        """Return an action item on the code host; None if it was never asked for."""

    async def untracked_items(self, guild_id: int, *, limit: int) -> list[int]:
        """Return open action items that were never to become issues, without what stays in Discord."""

    async def items_of_issues(self, guild_id: int, repository: str, numbers: list[int]) -> dict[int, int]:
        """Return the action items of issues, by the number of the issue."""

    async def issues_known_since(self, guild_id: int, repository: str) -> datetime | None:
        """Return the earliest last known change of the guild's issues there; None if it has opened none."""

    async def issue_poll(self, guild_id: int) -> IssuePoll | None:
        """Return how far the issues of a guild have been read; None if it has opened none."""


class IssueExportWrites(Protocol):
    """The part of a transaction that changes the issues of action items. Lock the item before."""

    async def want_issue_export(self, item_id: int, *, guild_id: int, repository: str) -> None:
        """Note that an action item is to go to the code host, now."""

    async def lock_issue_export(self, item_id: int) -> IssueExport | None:
        """Lock and return an action item on the code host."""

    async def save_issue_export(self, export: IssueExport) -> None:
        """Store the state of an issue that `lock_issue_export` returned."""

    async def begin_issue_poll(self, guild_id: int, *, repository: str, since: datetime) -> bool:
        """Begin to read the issues of a guild; False if that has begun for this repository."""

    async def rename_repository(self, guild_id: int, *, before: str, now: str) -> None:
        """Let all exports of a guild to a repository go on under its new name."""

    async def save_issue_poll(self, poll: IssuePoll) -> None:
        """Store how far the issues of a guild have been read."""
