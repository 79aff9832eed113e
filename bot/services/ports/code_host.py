"""The code host where postmortems are reviewed and action items are tracked: one repository on GitHub.

Every method raises UpstreamUnavailable if the host is away, slow or asks to wait, and CodeHostRefused if it
will not do what is asked.
"""

from datetime import datetime
from typing import Protocol

from bot.domain.code_host import (
    Branch,
    ChangedIssues,
    Fetched,
    Issue,
    IssueText,
    PullRequest,
    RepositoryFacts,
    StoredFile,
)


class Branches(Protocol):
    """The part of a repository that holds files."""

    async def default_branch(self) -> Branch:
        """Return the branch that pull requests are merged into."""

    async def branch(self, name: str) -> Branch | None:
        """Return a branch; None if there is none."""

    async def create_branch(self, branch: Branch) -> None:
        """Create a branch at its commit. One that exists stays as it is."""

    async def delete_branch(self, name: str) -> None:
        """Delete a branch. One that is gone already is no error."""

    async def file(self, path: str, *, branch: str) -> StoredFile | None:
        """Return a file of a branch; None if there is none."""

    async def put_file(
        self, path: str, content: bytes, *, branch: str, message: str, replaces: str | None
    ) -> None:
        """Commit a file to a branch.

        Args:
            message: Of the commit.
            replaces: The sha of the blob that it replaces; None if the path must be free.

        Raises:
            CodeHostRefused: with CONFLICT, the branch holds another blob by now.
        """


class PullRequests(Protocol):
    """The pull requests of a repository."""

    async def open_pull_request(self, *, branch: str, into: str, title: str, body: str) -> PullRequest:
        """Ask for a review of *branch*.

        Raises:
            CodeHostRefused: with INVALID, one is open already, or the branch changes nothing.
        """

    async def pull_requests_of(self, branch: str) -> list[PullRequest]:
        """Return every pull request from *branch*, whatever its state, the latest first."""

    async def pull_request(self, number: int, *, etag: str | None) -> Fetched[PullRequest] | None:
        """Return a pull request; None if it is as it was when *etag* was given."""

    async def edit_pull_request(self, number: int, *, title: str, body: str) -> PullRequest:
        """Replace the title and the body of a pull request."""


class Issues(Protocol):
    """The issues of a repository.

    An issue that was transferred to another repository is refused with MOVED, whatever is asked of it.
    """

    async def open_issue(self, text: IssueText) -> Issue:
        """Open an issue.

        Raises:
            CodeHostRefused: with "assignees" in its fields, the login cannot be assigned.
        """

    async def issue(self, number: int) -> Issue:
        """Return the issue *number* of the repository."""

    async def edit_issue(self, number: int, text: IssueText) -> Issue:
        """Replace title, body and assignees. Raises as `open_issue`."""

    async def set_issue_state(self, number: int, *, is_open: bool, is_planned: bool = True) -> Issue:
        """Close or reopen an issue.

        Args:
            is_planned: False closes it as "not planned" instead of "completed".
        """

    async def issues_opened_since(self, since: datetime) -> list[Issue]:
        """Return all issues that were opened at *since* or later, by the host's clock, the latest first.

        The latest page is returned in any case, as the clocks may differ.
        """

    async def issues_since(self, since: datetime, *, etag: str | None) -> Fetched[ChangedIssues] | None:
        """Return the issues that changed at *since* or later; None if nothing has since *etag* was given."""


class CodeHost(Branches, PullRequests, Issues, Protocol):
    """One repository."""

    @property
    def repository(self) -> str:
        """Return its ``owner/name``."""

    async def is_called(self, name: str) -> bool:
        """Return True if *name* is its ``owner/name``, now or from before it, or its owner, was renamed."""

    async def facts(self) -> RepositoryFacts:
        """Look at the repository and at what the token may do there, without changing anything."""
