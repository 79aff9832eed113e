"""The clock, the code host, and the systems beside Discord: the DLQ, live checks, a heartbeat, charts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from bot.domain.charts import Chart
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
from bot.domain.dlq import (
    Cursor,
    DlqCounts,
    DlqEntry,
    DlqFilter,
    DlqPage,
    DlqView,
    MostSevere,
    NewFailure,
    StatusCounts,
    TableReport,
)
from bot.domain.systems import CheckResult, SystemKind

#: Seconds that a person waits for an answer at most.
PATIENCE_S: Final = 4.0


class Clock(Protocol):
    """Tells the time; the services ask nothing else for "now"."""

    async def now(self) -> datetime:
        """Return the database's time, aware: the one clock that all instances share."""


class Charts(Protocol):
    """Draws charts. A picture is an addition to words: without it, the words go out alone."""

    async def draw(self, charts: Sequence[Chart], *, within_s: float = PATIENCE_S) -> list[bytes | None]:
        """Return each chart as a PNG; None for one that failed or was not ready *within_s*.

        A chart that was drawn lately comes at once.
        """


class Heartbeat(Protocol):
    """An external service that raises the alarm when no ping comes."""

    async def ping(self) -> None:
        """Say that all is well.

        Raises:
            UpstreamUnavailable: the service has not accepted it.
        """


class LiveCheck(Protocol):
    """Looks at one system without changing anything there."""

    @property
    def system(self) -> SystemKind:
        """Return the kind of system."""

    @property
    def name(self) -> str:
        """Return which one of its kind; "" if there is only one."""

    async def look(self) -> CheckResult:
        """Return the state of the system.

        Raises:
            UpstreamUnavailable, StorageUnavailable: it could not be looked at.
        """


class DlqStore(Protocol):
    """The policy's table of undelivered notifications, perhaps in another database behind a pooler.

    Every method raises DlqUnavailable when that cannot be asked in time, DlqMisfit when the table is not as
    the policy describes it. A column that the table lacks reads as None.
    """

    async def page(self, view: DlqView, *, size: int) -> DlqPage:
        """Answer the runbook's first question: failures, newest first, from a place in the list on."""

    async def matching(self, search: DlqFilter, *, limit: int, longest: int) -> list[DlqEntry]:
        """Return the failures that *search* admits, oldest first: payloads of at most *longest* bytes too."""

    async def most_severe_since(self, since: datetime, *, after: Cursor | None, limit: int) -> list[DlqEntry]:
        """Return failures of the highest severity that were given up, oldest first, without payloads.

        Args:
            after: Only those behind this place, on which the cursor looks with `is_newer`.
        """

    async def most_severe(self, *, limit: int) -> MostSevere:
        """Answer the second question: P0 that failed, and whether the email went out; newest first."""

    async def http_statuses(self, *, hours: int) -> StatusCounts:
        """Answer the third question: failures per HTTP status, most frequent first."""

    async def export(
        self, search: DlqFilter, *, after: Cursor | None, size: int, longest: int
    ) -> list[DlqEntry]:
        """Return what a file has of failures, newest first: payloads of at most *longest* bytes as well."""

    async def entry(self, entry_id: str) -> DlqEntry:
        """Return one failure with its payload.

        Raises:
            UserError: no such entry.
        """

    async def named(self, typed: str, *, hours: int) -> list[str]:
        """Return the ids that *typed* names: the one that it is, else two, at most, that end in it.

        Args:
            hours: How far back an ending is looked for.
        """

    async def ending_in(self, typed: str, *, hours: int, limit: int) -> list[DlqEntry]:
        """Return the failures of the last *hours* whose id ends in what was *typed*, newest first."""

    async def counts(self, start: datetime, end: datetime) -> DlqCounts:
        """Count the failures in [start, end), without those of drills."""

    async def record(self, failure: NewFailure) -> None:
        """Write a failure of our own, if the table takes it and as far as it has columns for it.

        The same id twice leaves one row (later flag, title, payload).
        """

    async def redact(self, ids: Sequence[UUID], *, title: str | None) -> None:
        """Delete the payloads of those of *ids* that are there, and give them *title* unless that is None."""

    async def report(self) -> TableReport:
        """Look at the table anew: what the policy describes differently, and what is off therefore."""


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
    """One repository on GitHub, where postmortems are reviewed and action items are tracked.

    Every method raises UpstreamUnavailable if the host is away, slow or asks to wait, and CodeHostRefused if
    it will not do what is asked.
    """

    @property
    def repository(self) -> str:
        """Return its ``owner/name``."""

    async def is_called(self, name: str) -> bool:
        """Return True if *name* is its ``owner/name``, now or from before it, or its owner, was renamed."""

    async def facts(self) -> RepositoryFacts:
        """Look at the repository and at what the token may do there, without changing anything."""
