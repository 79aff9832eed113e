"""What the stand-in keeps: a repository, and what people do to it."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.domain.code_host import blob_sha

BOT = "incident-bot"
MAINTAINER = "sato-dev"


def now_in_seconds() -> datetime:
    """GitHub's times have no fractions."""
    return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit: all its files, each by the sha of its blob."""

    sha: str
    parent: str | None
    files: Mapping[str, str]
    message: str
    at: datetime


@dataclass(slots=True)
class Pull:
    """A pull request."""

    number: int
    title: str
    body: str
    head: str
    base: str
    head_sha: str
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    closed_at: datetime | None = None
    merged_at: datetime | None = None
    merged_by: str | None = None
    merge_sha: str | None = None


@dataclass(slots=True)
class IssueRow:
    """An issue."""

    number: int
    title: str
    body: str
    created_at: datetime
    updated_at: datetime
    assignees: list[str] = field(default_factory=list)
    state: str = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None


class Conflict(Exception):
    """A 409: the branch has moved on."""


class Invalid(Exception):
    """A 422, with the fields that are wrong and what is said of each."""

    def __init__(self, message: str, *errors: Mapping[str, str]) -> None:
        super().__init__(message)
        self.message = message
        self.errors = errors


class Repository:
    """One repository. Its methods with `by` are what a person does in the browser.

    Attributes:
        former_names: From which GitHub redirects.
        transferred: Where each issue is that went to another repository.
    """

    def __init__(self, full_name: str = "parky/ops", *, now: Callable[[], datetime] = now_in_seconds) -> None:
        self.full_name = full_name
        self.former_names: set[str] = set()
        self.now = now
        self.default_branch = "main"
        self.is_archived = False
        self.has_issues = True
        self.collaborators = {BOT, MAINTAINER}
        self.blobs: dict[str, bytes] = {}
        self.commits: dict[str, Commit] = {}
        self.branches: dict[str, str] = {}
        self.pulls: dict[int, Pull] = {}
        self.issues: dict[int, IssueRow] = {}
        self.transferred: dict[int, tuple[Repository, int]] = {}
        self._number = 0
        self.branches["main"] = self._commit(None, {"README.md": self._blob(b"# ops\n")}, "Begin").sha

    def rename(self, full_name: str) -> None:
        """A person renames the repository, or its owner."""
        self.former_names.add(self.full_name)
        self.full_name = full_name

    # -- git
    def create_branch(self, name: str, sha: str) -> None:
        """Point a new branch to a commit."""
        if name in self.branches:
            raise Invalid("Reference already exists")
        if sha not in self.commits:
            raise Invalid("Object does not exist")
        self.branches[name] = sha

    def delete_branch(self, name: str) -> None:
        """Remove a branch; its commits stay. Source: the page "Git references" for the words of 422."""
        if self.branches.pop(name, None) is None:
            raise Invalid("Reference does not exist")

    def file(self, branch: str, path: str) -> str | None:
        """The sha of a file's blob."""
        return self.commits[self.branches[branch]].files.get(path)

    def folder(self, branch: str, path: str) -> dict[str, str]:
        """The files of a folder, by their paths; empty if there is none."""
        files = self.commits[self.branches[branch]].files
        return {name: sha for name, sha in files.items() if name.startswith(f"{path}/")}

    def text(self, branch: str, path: str) -> str:
        """What a file says."""
        sha = self.file(branch, path)
        assert sha is not None, f"{branch} has no {path}"
        return self.blobs[sha].decode()

    def put(self, branch: str, path: str, content: bytes, *, replaces: str | None, message: str) -> Commit:
        """Commit one file."""
        found = self.file(branch, path)
        if found is not None and replaces is None:
            raise Invalid('Invalid request.\n\n"sha" wasn\'t supplied.')
        if replaces is not None and replaces != found:
            raise Conflict(f"{path} does not match {replaces}")
        head = self.commits[self.branches[branch]]
        made = self._commit(head.sha, {**head.files, path: self._blob(content)}, message)
        self._move(branch, made.sha)
        return made

    def edit_file(self, branch: str, path: str, text: str) -> None:
        """A person edits a file."""
        self.put(branch, path, text.encode(), replaces=self.file(branch, path), message="Edit")

    def remove_file(self, branch: str, path: str) -> None:
        """A person removes a file."""
        head = self.commits[self.branches[branch]]
        files = {name: sha for name, sha in head.files.items() if name != path}
        self._move(branch, self._commit(head.sha, files, "Remove").sha)

    # -- pull requests
    def open_pull(self, *, head: str, base: str, title: str, body: str) -> Pull:
        """Open a pull request, by the API."""
        for name, branch in (("head", head), ("base", base)):
            if branch not in self.branches:
                raise Invalid(
                    "Validation Failed", {"resource": "PullRequest", "code": "invalid", "field": name}
                )
        if any(pull.head == head and pull.state == "open" for pull in self.pulls.values()):
            said = f"A pull request already exists for {self.owner}:{head}."
            raise Invalid("Validation Failed", {"resource": "PullRequest", "code": "custom", "message": said})
        if self.branches[head] == self.branches[base]:
            said = f"No commits between {base} and {head}"
            raise Invalid("Validation Failed", {"resource": "PullRequest", "code": "custom", "message": said})
        made = Pull(
            self._next(), title, body, head, base, self.branches[head], created_at=self.now(),
            updated_at=self.now(),
        )  # fmt: skip
        self.pulls[made.number] = made
        return made

    def merge(self, number: int, *, by: str = MAINTAINER) -> None:
        """A person merges a pull request."""
        pull = self.pulls[number]
        files = {**self.commits[self.branches[pull.base]].files, **self.commits[pull.head_sha].files}
        merged = self._commit(self.branches[pull.base], files, f"Merge #{number}")
        self._move(pull.base, merged.sha)
        pull.state, pull.merged_by, pull.merge_sha = "closed", by, merged.sha
        pull.merged_at = pull.closed_at = pull.updated_at = self.now()

    def close_pull(self, number: int) -> None:
        """A person closes a pull request without merging it."""
        pull = self.pulls[number]
        pull.state = "closed"
        pull.closed_at = pull.updated_at = self.now()

    def reopen_pull(self, number: int) -> None:
        """A person reopens it."""
        pull = self.pulls[number]
        pull.state, pull.closed_at, pull.updated_at = "open", None, self.now()

    # -- issues
    def open_issue(self, *, title: str, body: str, assignees: list[str]) -> IssueRow:
        """Open an issue, by the API."""
        if not title:
            raise Invalid(
                "Validation Failed", {"resource": "Issue", "code": "missing_field", "field": "title"}
            )
        self.require_assignable(assignees)
        now = self.now()
        made = IssueRow(self._next(), title, body, created_at=now, updated_at=now, assignees=assignees)
        self.issues[made.number] = made
        return made

    def require_assignable(self, logins: list[str]) -> None:
        """Only collaborators can be assigned."""
        wrong = [login for login in logins if login not in self.collaborators]
        if wrong:
            refused = {
                "resource": "Issue",
                "code": "invalid",
                "field": "assignees",
                "value": ",".join(wrong),
            }
            raise Invalid("Validation Failed", refused)

    def close_issue(self, number: int, *, reason: str = "completed", by: str = MAINTAINER) -> None:
        """A person, or the API, closes an issue."""
        issue = self.issues[number]
        issue.state, issue.state_reason, issue.closed_by = "closed", reason, by
        issue.closed_at = issue.updated_at = self.now()

    def reopen_issue(self, number: int) -> None:
        """A person, or the API, reopens an issue."""
        issue = self.issues[number]
        issue.state, issue.state_reason, issue.closed_by, issue.closed_at = "open", "reopened", None, None
        issue.updated_at = self.now()

    def transfer_issue(self, number: int, to: "Repository") -> IssueRow:
        """A person transfers an issue to another repository, where it gets a number of its own."""
        gone = self.issues.pop(number)
        made = to.open_issue(title=gone.title, body=gone.body, assignees=[])
        self.transferred[number] = (to, made.number)
        return made

    @property
    def owner(self) -> str:
        """Its account."""
        return self.full_name.partition("/")[0]

    def _next(self) -> int:
        """Pull requests and issues are numbered together."""
        self._number += 1
        return self._number

    def _blob(self, content: bytes) -> str:
        sha = blob_sha(content)
        self.blobs[sha] = content
        return sha

    def _commit(self, parent: str | None, files: Mapping[str, str], message: str) -> Commit:
        at = self.now()
        sha = hashlib.sha1(f"{parent}{sorted(files.items())}{message}{at}".encode()).hexdigest()
        self.commits[sha] = Commit(sha, parent, dict(files), message, at)
        return self.commits[sha]

    def _move(self, branch: str, sha: str) -> None:
        self.branches[branch] = sha
        for pull in self.pulls.values():
            if pull.head == branch and pull.state == "open":
                pull.head_sha, pull.updated_at = sha, self.now()
