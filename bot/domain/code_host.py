"""What a code host (GitHub) holds for the team, and the exports that wait for it."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Generic, TypeVar

from bot.domain.delivery.delivery import Notice
from bot.domain.payloads import Payload

_Value = TypeVar("_Value")

#: How far before the last known change the next look begins: a list may show a change a moment late.
POLL_OVERLAP: Final = timedelta(minutes=1)

#: The branches of postmortems begin so: a merge of one changes nothing that runs.
POSTMORTEM_BRANCHES: Final = "postmortem/inc-"

#: ``owner/name``. Source: GitHub's rules for names of accounts and repositories.
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}/[\w.-]{1,100}", re.ASCII)


class PullState(StrEnum):
    """The state of a pull request."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"  # without a merge


class CodeHostProblem(StrEnum):
    """The reason why the code host does not do something, however often it is asked."""

    TOKEN = "token"  # noqa: S105  # a reason, no secret: the token is unknown, expired or revoked
    PERMISSION = "permission"
    NOT_FOUND = "not_found"  # or a private repository that the token may not see
    CONFLICT = "conflict"  # it was changed since it was read
    INVALID = "invalid"
    MOVED = "moved"  # an issue was transferred to another repository; the reason is its new address


@dataclass(frozen=True, slots=True)
class Fetched(Generic[_Value]):
    """What a conditional read has returned.

    Attributes:
        etag: To ask next time whether it has changed; None if the host gave none.
    """

    value: _Value
    etag: str | None


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch, and the commit that it points to."""

    name: str
    commit: str


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file on a branch.

    Attributes:
        sha: Of its blob; see `blob_sha`.
    """

    path: str
    sha: str


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request.

    Attributes:
        branch: The branch it comes from.
        merged_by: The login of the person who merged it; None if not known.
    """

    number: int
    url: str
    state: PullState
    branch: str
    title: str
    body: str
    merged_by: str | None = None


@dataclass(frozen=True, slots=True)
class IssueText:
    """What the bot writes into an issue.

    Attributes:
        assignees: Logins; None leaves them as they are.
    """

    title: str
    body: str
    assignees: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue.

    Attributes:
        is_planned: False if it was closed as "not planned".
        closed_by: The login of the person who closed it; None if it is open or not known.
    """

    number: int
    url: str
    title: str
    body: str
    is_open: bool
    is_planned: bool
    assignees: tuple[str, ...]
    updated_at: datetime
    closed_by: str | None = None


@dataclass(frozen=True, slots=True)
class ChangedIssues:
    """The issues that have changed since a moment.

    Attributes:
        until: The latest change among them, pull requests included; None without any.
    """

    issues: tuple[Issue, ...]
    until: datetime | None


@dataclass(frozen=True, slots=True)
class RepositoryFacts:
    """What the token can see of the repository.

    Attributes:
        lacks: The permissions to write that it does not have, in GitHub's words: "contents", "pull_requests",
            "issues".
    """

    name: str
    is_archived: bool
    has_issues: bool
    lacks: tuple[str, ...]


def is_repository(name: str) -> bool:
    """Return True if *name* can be a repository's ``owner/name``."""
    return _REPOSITORY.fullmatch(name) is not None and name.rpartition("/")[2] not in {".", ".."}


def blob_sha(content: bytes) -> str:
    """Return the name that git gives to *content*: 40 hex digits.

    Source: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects, "Object Storage".
    """
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


#: The first pause after a failure; each is as long as the trouble has lasted, so that it doubles.
_FIRST_TRY: Final = timedelta(seconds=30)

#: The longest pause.
_LONGEST_TRY: Final = timedelta(hours=1)

#: How long the code host may be away before the thread says so. What it refuses is reported after a minute:
#: it may not know a branch yet that was made a moment ago.
_PATIENCE: Final = timedelta(hours=1)
_PATIENCE_REFUSED: Final = timedelta(minutes=1)

#: After so long without success the bot gives up.
_GIVE_UP: Final = timedelta(days=7)

#: The shortest time between two looks at something that has not changed.
_LOOK_EVERY: Final = timedelta(minutes=1)

#: The code host is away, slow, or asks to wait.
AWAY: Final = "away"


class ExportTrouble(Payload):
    """Why an export has not worked for a while.

    Attributes:
        since: When it failed first.
        problem: A `CodeHostProblem`, or `AWAY`.
        reason: One line without secrets, in the code host's words.
        is_told: People have been told.
    """

    since: datetime
    problem: str
    reason: str = ""
    is_told: bool = False

    @classmethod
    def again(
        cls, before: "ExportTrouble | None", *, problem: str, reason: str, at: datetime
    ) -> "ExportTrouble":
        """Return the trouble after one more failure at *at* (aware)."""
        since, is_told = (at, False) if before is None else (before.since, before.is_told)
        return cls(since=since, problem=problem, reason=reason, is_told=is_told)

    @property
    def is_refused(self) -> bool:
        """Return True if a person has to change something."""
        return self.problem in set(CodeHostProblem)

    def is_due(self, *, at: datetime) -> bool:
        """Return True if people have to be told now, once for each trouble."""
        patience = _PATIENCE_REFUSED if self.is_refused else _PATIENCE
        return not self.is_told and at - self.since >= patience

    def pause(self, *, at: datetime, asked_wait: timedelta = timedelta()) -> timedelta | None:
        """Return the time until the next try; None to give up.

        Args:
            asked_wait: How long the code host asks to wait.
        """
        lasted = at - self.since
        if lasted >= _GIVE_UP:
            return None
        return max(min(max(lasted, _FIRST_TRY), _LONGEST_TRY), asked_wait)


def look_after(quiet: timedelta, *, longest: timedelta) -> timedelta:
    """Return the time until the next look at something that has not changed for *quiet*.

    It is a tenth of that, at least a minute and at most *longest*: what people work on is followed closely.
    """
    return min(max(quiet / 10, _LOOK_EVERY), longest)


class ExportKeptNotice(Notice, name="export_kept"):
    """The incident is private by now; what the code host has of it stays there until people remove it."""

    url: str


class ExportFailedNotice(Notice, name="export_failed"):
    """An export has failed for a while.

    Attributes:
        item: The label of the action item; None for the postmortem.
        problem: A `CodeHostProblem`, or "away".
        reason: In the code host's words.
    """

    problem: str
    reason: str = ""
    item: str | None = None
