"""What a code host (GitHub) holds for the team: pull requests, issues, and files on a branch."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Generic, TypeVar

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
