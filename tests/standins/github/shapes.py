"""GitHub's JSON for the stand-in's state, with every part that its description requires."""

from base64 import encodebytes
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from tests.standins.github.state import BOT, Commit, IssueRow, Pull, Repository

Body = dict[str, Any]

_WEB: Final = "https://github.example"

_REPOSITORY_URLS: Final = [
    "archive",
    "assignees",
    "blobs",
    "branches",
    "collaborators",
    "comments",
    "commits",
    "compare",
    "contents",
    "contributors",
    "deployments",
    "downloads",
    "events",
    "forks",
    "git_commits",
    "git_refs",
    "git_tags",
    "hooks",
    "issue_comment",
    "issue_events",
    "issues",
    "keys",
    "labels",
    "languages",
    "merges",
    "milestones",
    "notifications",
    "pulls",
    "releases",
    "stargazers",
    "statuses",
    "subscribers",
    "subscription",
    "tags",
    "teams",
    "trees",
    "clone",
    "git",
    "ssh",
    "svn",
]

_USER_URLS: Final = [
    "avatar",
    "followers",
    "following",
    "gists",
    "starred",
    "subscriptions",
    "organizations",
    "repos",
    "events",
    "received_events",
]


def moment(at: datetime | None) -> str | None:
    """GitHub's way to write a time."""
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")


class Shapes:
    """The JSON of one repository's parts.

    Args:
        api: The server's address.
    """

    def __init__(self, repository: Repository, api: str) -> None:
        self._repository = repository
        self._api = f"{api}/repos/{repository.full_name}"
        self._root = api
        self._page = f"{_WEB}/{repository.full_name}"

    @property
    def api(self) -> str:
        """The repository's address in the API."""
        return self._api

    @property
    def page(self) -> str:
        """The repository's page."""
        return self._page

    def repository(self) -> Body:
        """The repository itself."""
        found = self._repository
        urls = {f"{name}_url": f"{self._api}/{name}" for name in _REPOSITORY_URLS}
        counts = dict.fromkeys(
            [
                "forks",
                "forks_count",
                "open_issues",
                "open_issues_count",
                "size",
                "stargazers_count",
                "watchers",
                "watchers_count",
                "network_count",
                "subscribers_count",
            ],
            0,
        )
        flags = dict.fromkeys(
            ["fork", "has_downloads", "has_projects", "has_wiki", "has_pages", "has_discussions", "disabled"],
            False,
        )
        return {
            **urls,
            **counts,
            **flags,
            "id": 1,
            "node_id": "R_1",
            "name": found.full_name.partition("/")[2],
            "full_name": found.full_name,
            "owner": self.user(found.owner),
            "private": True,
            "html_url": self._page,
            "url": self._api,
            "description": None,
            "default_branch": found.default_branch,
            "has_issues": found.has_issues,
            "archived": found.is_archived,
            "homepage": None,
            "language": None,
            "mirror_url": None,
            "license": None,
            "pushed_at": "2026-01-01T00:00:00Z",
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
        }

    def ref(self, branch: str) -> Body:
        """A branch as a reference of git."""
        sha = self._repository.branches[branch]
        url = f"{self._api}/git/commits/{sha}"
        return {
            "ref": f"refs/heads/{branch}",
            "node_id": f"REF_{branch}",
            "url": f"{self._api}/git/refs/heads/{branch}",
            "object": {"type": "commit", "sha": sha, "url": url},
        }

    def file(self, path: str, sha: str, *, whole: bool = True) -> Body:
        """A file; its content only when *whole*."""
        content = self._repository.blobs[sha]
        url = f"{self._api}/contents/{path}"
        git, html = f"{self._api}/git/blobs/{sha}", f"{self._page}/blob/main/{path}"
        found = {
            "type": "file",
            "size": len(content),
            "name": path.rpartition("/")[2],
            "path": path,
            "sha": sha,
            "url": _quoted(url),
            "git_url": git,
            "html_url": _quoted(html),
            "download_url": _quoted(f"{self._page}/raw/{path}"),
            "_links": {"self": _quoted(url), "git": git, "html": _quoted(html)},
        }
        return {**found, "encoding": "base64", "content": encodebytes(content).decode()} if whole else found

    def put(self, path: str, commit: Commit) -> Body:
        """What a commit of one file answers."""
        author = {"name": BOT, "email": f"{BOT}@github.example", "date": moment(commit.at)}
        return {
            "content": self.file(path, commit.files[path], whole=False),
            "commit": {
                "sha": commit.sha,
                "node_id": f"C_{commit.sha}",
                "url": f"{self._api}/git/commits/{commit.sha}",
                "html_url": f"{self._page}/commit/{commit.sha}",
                "author": author,
                "committer": author,
                "message": commit.message,
                "tree": {"sha": commit.sha, "url": f"{self._api}/git/trees/{commit.sha}"},
                "parents": [],
                "verification": {
                    "verified": False,
                    "reason": "unsigned",
                    "signature": None,
                    "payload": None,
                    "verified_at": None,
                },
            },
        }

    def pull(self, pull: Pull, *, whole: bool = True) -> Body:
        """A pull request; as an item of a list without what only a whole one has."""
        url, page = f"{self._api}/pulls/{pull.number}", f"{self._page}/pull/{pull.number}"
        issue = f"{self._api}/issues/{pull.number}"
        links = {
            "self": url,
            "html": page,
            "issue": issue,
            "comments": f"{issue}/comments",
            "review_comments": f"{url}/comments",
            "review_comment": f"{self._api}/pulls/comments{{/number}}",
            "commits": f"{url}/commits",
            "statuses": f"{self._api}/statuses/{pull.head_sha}",
        }
        found: Body = {
            "url": url,
            "id": 1000 + pull.number,
            "node_id": f"PR_{pull.number}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "issue_url": issue,
            **{f"{name}_url": address for name, address in links.items() if name not in ("self", "html")},
            "number": pull.number,
            "state": pull.state,
            "locked": False,
            "title": pull.title,
            "user": self.user(BOT),
            "body": pull.body or None,
            "labels": [],
            "milestone": None,
            "created_at": moment(pull.created_at),
            "updated_at": moment(pull.updated_at),
            "closed_at": moment(pull.closed_at),
            "merged_at": moment(pull.merged_at),
            "merge_commit_sha": pull.merge_sha,
            "assignee": None,
            "assignees": [],
            "requested_reviewers": [],
            "requested_teams": [],
            "head": self._side(pull.head, pull.head_sha),
            "base": self._side(pull.base, self._repository.branches[pull.base]),
            "_links": {name: {"href": address} for name, address in links.items()},
            "author_association": "COLLABORATOR",
            "auto_merge": None,
            "draft": False,
        }
        return {**found, **self._whole(pull)} if whole else found

    def issue(self, issue: IssueRow) -> Body:
        """An issue."""
        common = self._as_issue(issue.number, "issues")
        return {
            **common,
            "title": issue.title,
            "body": issue.body or None,
            "state": issue.state,
            "state_reason": issue.state_reason,
            "assignee": self.user(issue.assignees[0]) if issue.assignees else None,
            "assignees": [self.user(login) for login in issue.assignees],
            "closed_at": moment(issue.closed_at),
            "closed_by": None if issue.closed_by is None else self.user(issue.closed_by),
            "created_at": moment(issue.created_at),
            "updated_at": moment(issue.updated_at),
        }

    def pull_as_issue(self, pull: Pull) -> Body:
        """A pull request in the list of issues, which has them all."""
        page = f"{self._page}/pull/{pull.number}"
        address = {
            "url": f"{self._api}/pulls/{pull.number}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": moment(pull.merged_at),
        }
        return {
            **self._as_issue(pull.number, "pull"),
            "title": pull.title,
            "body": pull.body or None,
            "state": pull.state,
            "state_reason": None,
            "assignee": None,
            "assignees": [],
            "closed_at": moment(pull.closed_at),
            "created_at": moment(pull.created_at),
            "updated_at": moment(pull.updated_at),
            "draft": False,
            "pull_request": {key: value for key, value in address.items() if value is not None},
        }

    def _as_issue(self, number: int, kind: str) -> Body:
        url = f"{self._api}/issues/{number}"
        return {
            "id": 1000 + number,
            "node_id": f"I_{number}",
            "url": url,
            "repository_url": self._api,
            "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "html_url": f"{self._page}/{kind}/{number}",
            "number": number,
            "user": self.user(BOT),
            "labels": [],
            "milestone": None,
            "locked": False,
            "comments": 0,
            "author_association": "COLLABORATOR",
        }

    def _whole(self, pull: Pull) -> Mapping[str, object]:
        return {
            "merged": pull.merged_at is not None,
            "mergeable": None,
            "mergeable_state": "unknown",
            "merged_by": None if pull.merged_by is None else self.user(pull.merged_by),
            "comments": 0,
            "review_comments": 0,
            "maintainer_can_modify": False,
            "commits": 1,
            "additions": 1,
            "deletions": 0,
            "changed_files": 1,
        }

    def _side(self, branch: str, sha: str) -> Body:
        owner = self._repository.owner
        return {
            "label": f"{owner}:{branch}",
            "ref": branch,
            "sha": sha,
            "user": self.user(owner),
            "repo": self.repository(),
        }

    def user(self, login: str) -> Body:
        """An account."""
        url = f"{self._root}/users/{login}"
        return {
            **{f"{name}_url": f"{url}/{name}" for name in _USER_URLS},
            "login": login,
            "id": sum(login.encode()),
            "node_id": f"U_{login}",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{_WEB}/{login}",
            "type": "User",
            "site_admin": False,
        }


def _quoted(url: str) -> str:
    """A path may be Japanese; an address is not."""
    return quote(url, safe=":/{}")
