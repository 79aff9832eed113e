"""A repository on GitHub: the requests behind `bot.services.ports.CodeHost`."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from bot.domain.code_host import (
    POLL_OVERLAP,
    Branch,
    ChangedIssues,
    CodeHostProblem,
    Fetched,
    Issue,
    IssueText,
    PullRequest,
    RepositoryFacts,
    StoredFile,
)
from bot.domain.errors import CodeHostRefused
from bot.integrations.github.answers import issue, parsed, pull_request, repository_of
from bot.integrations.github.connection import GitHubAnswer, GitHubConnection

#: Items of a page. Issues may be long, and a page is read at once.
_PER_PAGE: Final = "30"

#: Pages of changed issues that one look reads; the next look goes on from there. A look reads more if these
#: all changed within the overlap of two looks: the next one would begin at the same moment, and never get on.
_MOST_PAGES: Final = 10

_NO_COMMIT: Final = "0" * 40

#: Permissions, each with a request that needs it and that GitHub must find invalid: a commit that cannot be,
#: a branch that cannot have this name, an issue without a title. Nothing else says what a fine-grained token
#: may do.
_PROBES: Final = (
    ("contents", "/git/refs", {"ref": "refs/heads/incident-bot-probe", "sha": _NO_COMMIT}),
    (
        "pull_requests",
        "/pulls",
        {"title": "probe", "head": "incident-bot..probe", "base": "incident-bot..probe"},
    ),
    ("issues", "/issues", {"title": ""}),
)


@dataclass(frozen=True, slots=True)
class GitHubRepository:
    """A `bot.services.ports.CodeHost`.

    Attributes:
        repository: ``owner/name``.
    """

    connection: GitHubConnection
    repository: str

    # -- branches and files
    async def default_branch(self) -> Branch:
        name = await self.default_branch_name()
        branch = await self.branch(name)
        if branch is None:
            raise CodeHostRefused(CodeHostProblem.NOT_FOUND, f"{name} has no commit", http_status=404)
        return branch

    async def default_branch_name(self) -> str:
        """Return the name alone, in one request."""
        return parsed(lambda body: str(body["default_branch"]), (await self._get("")).body)

    async def branch(self, name: str) -> Branch | None:
        try:
            answer = await self._get(f"/git/ref/heads/{quote(name)}")
        except CodeHostRefused as refused:
            if refused.problem is CodeHostProblem.NOT_FOUND:
                return None
            raise
        return Branch(name, parsed(lambda body: str(body["object"]["sha"]), answer.body))

    async def create_branch(self, branch: Branch) -> None:
        body = {"ref": f"refs/heads/{branch.name}", "sha": branch.commit}
        try:
            await self._send("POST", "/git/refs", body)
        except CodeHostRefused as refused:  # an existing branch is a 422, too
            if refused.problem is not CodeHostProblem.INVALID or await self.branch(branch.name) is None:
                raise

    async def delete_branch(self, name: str) -> None:
        try:
            await self.connection.delete(f"/repos/{self.repository}/git/refs/heads/{quote(name)}")
        except CodeHostRefused as refused:  # a missing branch is a 422, as other errors are
            is_gone = refused.problem in {CodeHostProblem.INVALID, CodeHostProblem.NOT_FOUND}
            if not is_gone or await self.branch(name) is not None:
                raise

    async def file(self, path: str, *, branch: str) -> StoredFile | None:
        try:
            answer = await self._get(f"/contents/{quote(path)}", ref=branch)
        except CodeHostRefused as refused:
            if refused.problem is CodeHostProblem.NOT_FOUND:
                return None
            raise
        if isinstance(answer.body, list):  # a folder has this name
            raise CodeHostRefused(CodeHostProblem.CONFLICT, f"{path} is a folder", http_status=200)
        return StoredFile(path, parsed(lambda body: str(body["sha"]), answer.body))

    async def put_file(
        self, path: str, content: bytes, *, branch: str, message: str, replaces: str | None
    ) -> None:
        body: dict[str, object] = {
            "message": message,
            "content": b64encode(content).decode(),
            "branch": branch,
        }
        if replaces is not None:
            body["sha"] = replaces
        try:
            await self._send("PUT", f"/contents/{quote(path)}", body)
        except CodeHostRefused as refused:  # 422 says "sha wasn't supplied" where there is a file by now
            is_there = replaces is None and refused.problem is CodeHostProblem.INVALID
            if is_there and await self.file(path, branch=branch) is not None:
                raise CodeHostRefused(
                    CodeHostProblem.CONFLICT, refused.reason, http_status=refused.http_status
                ) from None
            raise

    # -- pull requests
    async def open_pull_request(self, *, branch: str, into: str, title: str, body: str) -> PullRequest:
        new = {"title": title, "body": body, "head": branch, "base": into}
        return parsed(pull_request, (await self._send("POST", "/pulls", new)).body)

    async def pull_requests_of(self, branch: str) -> list[PullRequest]:
        # The filter compares with the owner's name of today: an earlier one finds nothing.
        owner = (await self._full_name()).partition("/")[0]
        answer = await self._get(
            "/pulls", head=f"{owner}:{branch}", state="all", sort="created", direction="desc"
        )
        pull_requests = parsed(lambda body: [pull_request(each) for each in body], answer.body)
        return [each for each in pull_requests if each.branch == branch]

    async def pull_request(self, number: int, *, etag: str | None) -> Fetched[PullRequest] | None:
        answer = await self._get(f"/pulls/{number}", etag=etag)
        return Fetched(parsed(pull_request, answer.body), answer.etag) if answer.is_new else None

    async def edit_pull_request(self, number: int, *, title: str, body: str) -> PullRequest:
        answer = await self._send("PATCH", f"/pulls/{number}", {"title": title, "body": body})
        return parsed(pull_request, answer.body)

    # -- issues
    async def open_issue(self, text: IssueText) -> Issue:
        return parsed(issue, (await self._send("POST", "/issues", _written(text))).body)

    async def issue(self, number: int) -> Issue:
        return await self._own_issue(number, await self._get(f"/issues/{number}"))

    async def edit_issue(self, number: int, text: IssueText) -> Issue:
        return await self._own_issue(number, await self._send("PATCH", f"/issues/{number}", _written(text)))

    async def set_issue_state(self, number: int, *, is_open: bool, is_planned: bool = True) -> Issue:
        closed = "completed" if is_planned else "not_planned"
        state = {
            "state": "open" if is_open else "closed",
            "state_reason": "reopened" if is_open else closed,
        }
        return await self._own_issue(number, await self._send("PATCH", f"/issues/{number}", state))

    async def _own_issue(self, number: int, answer: GitHubAnswer) -> Issue:
        """Return the issue that was asked for: after a redirect it may be another repository's.

        Raises:
            CodeHostRefused: with MOVED, the issue was transferred. A renamed repository is still ours.
        """
        own, there = parsed(issue, answer.body), parsed(repository_of, answer.body)
        if own.number == number and await self._is_this(there):
            return own
        raise CodeHostRefused(CodeHostProblem.MOVED, own.url, http_status=HTTPStatus.MOVED_PERMANENTLY)

    async def _is_this(self, name: str) -> bool:
        """Return True if *name* is this repository, as it was set up or as it is called by now."""
        return name.lower() == self.repository.lower() or name.lower() == (await self._full_name()).lower()

    async def is_called(self, name: str) -> bool:
        if name.lower() == self.repository.lower():
            return True
        try:
            there = await self.connection.get(f"/repos/{name}")  # a renamed one leads to ours
        except CodeHostRefused as refused:
            if refused.problem is CodeHostProblem.TOKEN:
                raise
            return False
        return await self._is_this(parsed(_name_of, there.body))

    async def _full_name(self) -> str:
        """Return ``owner/name`` as GitHub has it now: the owner or the repository may have been renamed."""
        return parsed(_name_of, (await self._get("")).body)

    async def issues_opened_since(self, since: datetime) -> list[Issue]:
        answer = await self._get("/issues", state="all", sort="created", direction="desc")
        listed = parsed(list, answer.body)
        while answer.following is not None and parsed(_opened_at, listed[-1]) >= since:
            answer = await self.connection.get(answer.following)
            listed += parsed(list, answer.body)
        return list(parsed(_changed, listed).issues)

    async def issues_since(self, since: datetime, *, etag: str | None) -> Fetched[ChangedIssues] | None:
        moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        answer = await self._get(
            "/issues", etag=etag, state="all", sort="updated", direction="asc", since=moment
        )
        if not answer.is_new:
            return None
        first = answer
        listed = parsed(list, answer.body)
        pages, goes_on_after = 1, since + POLL_OVERLAP
        while answer.following is not None:
            latest = parsed(_changed, listed).until
            if pages >= _MOST_PAGES and latest is not None and latest > goes_on_after:
                break
            answer = await self.connection.get(answer.following)
            listed += parsed(list, answer.body)
            pages += 1
        # The first of several pages may stay as it is while a later one changes.
        etag = first.etag if first.following is None else None
        return Fetched(parsed(_changed, listed), etag)

    # -- the token's permissions
    async def facts(self) -> RepositoryFacts:
        described = (await self._get("")).body
        lacks = tuple([name for name, path, body in _PROBES if not await self._may(path, body)])
        return parsed(lambda seen: _facts(seen, lacks), described)

    async def _may(self, path: str, body: Mapping[str, object]) -> bool:
        """Return True if the token may make this request, which is invalid on purpose.

        GitHub then rejects its content (422). Without the permission it rejects the token (403, 404).
        """
        try:
            await self._send("POST", path, body)
        except CodeHostRefused as refused:
            return refused.problem not in {CodeHostProblem.PERMISSION, CodeHostProblem.NOT_FOUND}
        return True

    async def _get(self, path: str, *, etag: str | None = None, **params: str) -> GitHubAnswer:
        is_list = {"per_page": _PER_PAGE} if "state" in params else {}
        return await self.connection.get(
            f"/repos/{self.repository}{path}", params={**params, **is_list}, etag=etag
        )

    async def _send(self, method: str, path: str, body: Mapping[str, object]) -> GitHubAnswer:
        return await self.connection.send(method, f"/repos/{self.repository}{path}", body)


def _facts(body: Mapping[str, Any], lacks: tuple[str, ...]) -> RepositoryFacts:
    has_issues = bool(body["has_issues"])
    counted = tuple(name for name in lacks if has_issues or name != "issues")
    return RepositoryFacts(str(body["full_name"]), bool(body["archived"]), has_issues, counted)


def _written(text: IssueText) -> dict[str, object]:
    assigned = {} if text.assignees is None else {"assignees": list(text.assignees)}
    return {"title": text.title, "body": text.body, **assigned}


def _name_of(body: Mapping[str, Any]) -> str:
    return str(body["full_name"])


def _opened_at(body: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(body["created_at"])


def _changed(listed: list[Mapping[str, Any]]) -> ChangedIssues:
    """Return the issues of a list, which has the pull requests as well."""
    moments = [datetime.fromisoformat(each["updated_at"]) for each in listed]
    issues = tuple(issue(each) for each in listed if "pull_request" not in each)
    return ChangedIssues(issues, max(moments, default=None))
