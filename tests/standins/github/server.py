"""The server: GitHub's routes over the state, its limits, its etags, and a record of every exchange."""

import asyncio
import hashlib
import json
import re
import time
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final, TypeVar

from aiohttp import web

from tests.standins.github.actions import Run, job_shapes, run_shape
from tests.standins.github.deliveries import Webhook
from tests.standins.github.deployments import Deployed, deployment_shape, status_shapes
from tests.standins.github.description import Exchange, is_there, violations
from tests.standins.github.faults import LIMIT_S, Fault, Rule, answer, error, reset
from tests.standins.github.shapes import Shapes
from tests.standins.github.state import BOT, Conflict, Invalid, Repository
from tests.standins.serving import serving

TOKEN: Final = "github_pat_11AAAAAAA0local-tests-only"
_LIMIT: Final = 5000

#: The repository's id, which GitHub's redirects lead to.
OWN_ID: Final = 1

_Response = TypeVar("_Response", bound=web.StreamResponse)

_WRITES: Final = {"git": "contents", "contents": "contents", "pulls": "pull_requests", "issues": "issues"}


class GitHub:
    """A GitHub with one repository.

    Attributes:
        webhook: Its one webhook.
        url: What GITHUB_API_URL is set to.
        permissions: What the token may write.
        remaining: Requests that are left of the primary limit.
        exchanges: What was asked and answered, faults left out.
        is_asked: Set by the first request.
        asked: Every request as "METHOD /path", without the repository and the query.
        runs: Of GitHub Actions, the latest first.
        deployments: The latest first.
    """

    def __init__(self, repository: Repository | None = None) -> None:
        self.repository = repository or Repository()
        self.webhook = Webhook()
        self.url = ""
        self.permissions = {"contents", "pull_requests", "issues"}
        self.tokens = {TOKEN}
        self.remaining = _LIMIT
        self.exchanges: list[Exchange] = []
        self.asked: list[str] = []
        self.runs: list[Run] = []
        self.deployments: list[Deployed] = []
        self.is_asked = asyncio.Event()
        self._rules: list[Rule] = []
        self._routes: list[tuple[str, str, Callable[[web.Request], Awaitable[web.Response]]]] = [
            ("GET", "", self._repository),
            ("GET", "/git/ref/heads/{ref:.+}", self._ref),
            ("POST", "/git/refs", self._create_ref),
            ("DELETE", "/git/refs/heads/{ref:.+}", self._delete_ref),
            ("GET", "/contents/{path:.+}", self._file),
            ("PUT", "/contents/{path:.+}", self._put_file),
            ("GET", "/pulls", self._pulls),
            ("POST", "/pulls", self._open_pull),
            ("GET", "/pulls/{number:[0-9]+}", self._pull),
            ("PATCH", "/pulls/{number:[0-9]+}", self._edit_pull),
            ("GET", "/issues", self._issues),
            ("POST", "/issues", self._open_issue),
            ("GET", "/issues/{number:[0-9]+}", self._issue),
            ("PATCH", "/issues/{number:[0-9]+}", self._edit_issue),
            ("GET", "/deployments", self._deployments),
            ("GET", "/deployments/{number:[0-9]+}/statuses", self._statuses),
            ("GET", "/actions/runs", self._runs),
            ("GET", "/actions/runs/{run:[0-9]+}/jobs", self._jobs),
            *self.webhook.routes,
        ]

    # -- for tests
    def fault(self, fault: Fault, asked: str = ".*", *, times: int | None = None) -> Rule:
        """Let *fault* happen to requests like "POST /pulls"."""
        rule = Rule(fault, asked, times)
        self._rules.append(rule)
        return rule

    def heal(self) -> None:
        """End all faults."""
        for rule in self._rules:
            rule.release.set()
        self._rules.clear()

    def violations(self) -> list[str]:
        """What of all exchanges does not agree with GitHub's description; nothing if that is not there."""
        return [each for exchange in self.exchanges for each in violations(exchange)] if is_there() else []

    def count(self, asked: str) -> int:
        """How often a request was made."""
        return self.asked.count(asked)

    # -- the server
    def application(self) -> web.Application:
        """Its routes."""
        application = web.Application(middlewares=[self._middleware])
        for method, path, handler in self._routes:
            application.router.add_route(method, f"/repos/{{owner}}/{{repo}}{path}", handler)
            application.router.add_route(method, f"/repositories/{{id}}{path}", handler)
        return application

    @web.middleware
    async def _middleware(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.asked.append(f"{request.method} {self._below(request)}")
        self.is_asked.set()
        rule = next((rule for rule in self._rules if rule.takes(self.asked[-1])), None)
        if rule is not None and rule.fault is not Fault.RESET_AFTER:
            return self._limited(await answer(rule, request))
        asked = json.loads(await request.read()) if request.can_read_body else None
        answered = await self._answered(request, handler)
        self._keep(request, asked, answered)
        return reset(request) if rule is not None else answered

    async def _answered(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.Response:
        refused = self._refused(request)
        if refused is not None:
            return self._limited(refused)
        try:
            made = await handler(request)
        except KeyError:
            made = error(404, "Not Found")
        except web.HTTPNotFound:
            made = error(404, "Not Found")
        except Conflict as conflict:
            made = error(409, str(conflict))
        except Invalid as invalid:
            more = {"errors": list(invalid.errors)} if invalid.errors else {}
            made = error(422, invalid.message, **more)
        assert isinstance(made, web.Response)
        return self._limited(self._conditional(request, made))

    def _refused(self, request: web.Request) -> web.Response | None:
        """Refuse a token, a limit, a repository, a permission: in GitHub's order."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() not in {"bearer", "token"} or token not in self.tokens:
            return error(401, "Bad credentials")
        if self.remaining <= 0:
            return error(403, "API rate limit exceeded for user ID 1.")
        name = self._name_in(request)
        if name in self.repository.former_names:
            return self._moved(request, f"/repositories/{OWN_ID}{self._below(request)}")
        if name not in (None, self.repository.full_name):
            return error(404, "Not Found")
        part = self._below(request).removeprefix("/").partition("/")[0]
        return None if request.method == "GET" else self._forbidden(part)

    def _name_in(self, request: web.Request) -> str | None:
        """Return the repository's name in a path; None if the path has an id instead."""
        found = request.match_info
        return f"{found['owner']}/{found['repo']}" if "owner" in found else None

    def _below(self, request: web.Request) -> str:
        """Return the path below the repository."""
        parts = request.path.split("/")
        return "".join(f"/{part}" for part in parts[3 if parts[1] == "repositories" else 4 :])

    def _moved(self, request: web.Request, path: str) -> web.Response:
        """Lead to another address, by its id. Source: best practices for the REST API, "Follow redirects"."""
        there = request.url.with_path(path).with_query(request.query)
        made = error(301 if request.method == "GET" else 307, "Moved Permanently", url=str(there))
        made.headers["Location"] = str(there)
        return made

    def _forbidden(self, part: str) -> web.Response | None:
        """Refuse a change that the token may not make."""
        if self.repository.is_archived:
            return error(403, "Repository was archived so is read-only.")
        if _WRITES[part] not in self.permissions:
            return error(403, "Resource not accessible by personal access token")
        return None

    def _conditional(self, request: web.Request, made: web.Response) -> web.Response:
        """Give an etag, and 304 to those who have it already, which costs nothing of the limit."""
        is_read = request.method == "GET" and made.status == 200
        body = made.body if isinstance(made.body, bytes) else b""
        etag = f'W/"{hashlib.sha256(body).hexdigest()}"' if is_read else None
        if etag is not None and request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        self.remaining -= 1
        if etag is not None:
            made.headers["ETag"] = etag
        return made

    def _limited(self, made: _Response) -> _Response:
        """Say what is left of the limit."""
        headers = made.headers
        headers.setdefault("x-ratelimit-limit", str(_LIMIT))
        headers.setdefault("x-ratelimit-remaining", str(max(self.remaining, 0)))
        headers.setdefault("x-ratelimit-used", str(_LIMIT - self.remaining))
        headers.setdefault("x-ratelimit-reset", str(int(time.time()) + LIMIT_S))
        headers.setdefault("x-ratelimit-resource", "core")
        return made

    def _keep(self, request: web.Request, asked: object, answered: web.Response) -> None:
        body = json.loads(answered.body) if isinstance(answered.body, bytes) and answered.body else None
        found = self._repository_of(request).full_name
        path = re.sub(r"^/repositories/\d+", f"/repos/{found}", request.path_qs)  # only that is described
        self.exchanges.append(Exchange(request.method, path, asked, answered.status, body))

    # -- routes
    @property
    def _shapes(self) -> Shapes:
        return Shapes(self.repository, self.url)

    def _repository_of(self, request: web.Request) -> Repository:
        """Return the repository of a request; another one than its own only by its id."""
        there = request.match_info.get("id", str(OWN_ID)) != str(OWN_ID)
        return next(to for to, _ in self.repository.transferred.values()) if there else self.repository

    async def _repository(self, _request: web.Request) -> web.Response:
        return web.json_response(self._shapes.repository())

    async def _ref(self, request: web.Request) -> web.Response:
        return web.json_response(self._shapes.ref(request.match_info["ref"]))

    async def _create_ref(self, request: web.Request) -> web.Response:
        asked = await request.json()
        name = asked["ref"].removeprefix("refs/heads/")
        self.repository.create_branch(name, asked["sha"])
        return web.json_response(self._shapes.ref(name), status=201)

    async def _delete_ref(self, request: web.Request) -> web.Response:
        self.repository.delete_branch(request.match_info["ref"])
        return web.Response(status=204)

    async def _file(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        branch = request.query.get("ref", self.repository.default_branch)
        if inside := self.repository.folder(branch, path):
            listed = [self._shapes.file(name, sha, whole=False) for name, sha in inside.items()]
            return web.json_response(listed)
        sha = self.repository.file(branch, path)
        return error(404, "Not Found") if sha is None else web.json_response(self._shapes.file(path, sha))

    async def _put_file(self, request: web.Request) -> web.Response:
        asked, path = await request.json(), request.match_info["path"]
        branch = asked.get("branch", self.repository.default_branch)
        is_new = self.repository.file(branch, path) is None
        content, replaces = b64decode(asked["content"]), asked.get("sha")
        made = self.repository.put(branch, path, content, replaces=replaces, message=asked["message"])
        return web.json_response(self._shapes.put(path, made), status=201 if is_new else 200)

    async def _pulls(self, request: web.Request) -> web.Response:
        state = request.query.get("state", "open")
        (owner, _, head), base = request.query.get("head", "").partition(":"), request.query.get("base", "")
        is_by_change = request.query.get("sort", "created") == "updated"
        assert request.query.get("direction", "desc") == "desc"
        found = [
            self._shapes.pull(pull, whole=False)
            for pull in sorted(
                self.repository.pulls.values(),
                key=lambda pull: (pull.updated_at, pull.number) if is_by_change else (pull.number,),
                reverse=True,
            )
            if state in ("all", pull.state) and head in ("", pull.head) and base in ("", pull.base)
            if owner in ("", self.repository.owner)  # as it is called by now
        ]
        return self._page(request, found)

    async def _open_pull(self, request: web.Request) -> web.Response:
        asked = await request.json()
        made = self.repository.open_pull(
            head=asked["head"], base=asked["base"], title=asked["title"], body=asked.get("body", "")
        )
        return web.json_response(self._shapes.pull(made), status=201)

    async def _pull(self, request: web.Request) -> web.Response:
        return web.json_response(self._shapes.pull(self.repository.pulls[int(request.match_info["number"])]))

    async def _edit_pull(self, request: web.Request) -> web.Response:
        pull, asked = self.repository.pulls[int(request.match_info["number"])], await request.json()
        pull.title, pull.body = asked.get("title", pull.title), asked.get("body", pull.body)
        pull.updated_at = self.repository.now()
        return web.json_response(self._shapes.pull(pull))

    async def _issues(self, request: web.Request) -> web.Response:
        """Issues and pull requests, in the orders that the bot asks for."""
        is_latest_first = request.query.get("sort", "created") == "created"
        assert request.query.get("direction", "desc") == ("desc" if is_latest_first else "asc")
        since, state = request.query.get("since"), request.query.get("state", "open")
        issues, pulls = self.repository.issues.values(), self.repository.pulls.values()
        every = [(each.updated_at, each.number, self._shapes.issue(each)) for each in issues]
        every += [(each.updated_at, each.number, self._shapes.pull_as_issue(each)) for each in pulls]
        from_ = None if since is None else datetime.fromisoformat(since)
        found = [
            body
            for at, _, body in sorted(
                every,
                key=lambda each: (each[1],) if is_latest_first else each[:2],
                reverse=is_latest_first,
            )
            if (from_ is None or at >= from_) and state in ("all", body["state"])
        ]
        return self._page(request, found)

    def _page(self, request: web.Request, found: list[dict[str, Any]]) -> web.Response:
        size, page = int(request.query.get("per_page", "30")), int(request.query.get("page", "1"))
        made = web.json_response(found[(page - 1) * size : page * size])
        if len(found) > page * size:
            following = request.url.update_query(page=str(page + 1))
            made.headers["Link"] = f'<{following}>; rel="next"'
        return made

    async def _deployments(self, request: web.Request) -> web.Response:
        shapes = self._shapes
        found = [deployment_shape(made, shapes.api, shapes.user(made.by)) for made in self.deployments]
        return self._page(request, found)

    async def _statuses(self, request: web.Request) -> web.Response:
        number, shapes = int(request.match_info["number"]), self._shapes
        made = next(made for made in self.deployments if made.id == number)
        return self._page(request, status_shapes(made, shapes.api, shapes.user(made.by)))

    async def _runs(self, request: web.Request) -> web.Response:
        branch = request.query.get("branch")
        found = [run for run in self.runs if branch in (None, run.branch)]
        shapes, repository = self._shapes, self._shapes.repository()
        listed = [run_shape(run, shapes.api, shapes.page, repository) for run in found]
        size = int(request.query.get("per_page", "30"))
        return web.json_response({"total_count": len(listed), "workflow_runs": listed[:size]})

    async def _jobs(self, request: web.Request) -> web.Response:
        number = int(request.match_info["run"])
        run = next((run for run in self.runs if run.id == number), None)
        if run is None:
            return error(404, "Not Found")
        jobs = job_shapes(run, self._shapes.api, self._shapes.page)
        return web.json_response({"total_count": len(jobs), "jobs": jobs})

    async def _open_issue(self, request: web.Request) -> web.Response:
        if not self.repository.has_issues:
            return error(410, "Issues has been disabled in this repository.")
        asked = await request.json()
        made = self.repository.open_issue(
            title=asked["title"], body=asked.get("body", ""), assignees=asked.get("assignees", [])
        )
        return web.json_response(self._shapes.issue(made), status=201)

    async def _issue(self, request: web.Request) -> web.Response:
        repository, number = self._repository_of(request), int(request.match_info["number"])
        if "id" not in request.match_info and number in repository.transferred:
            return self._moved(request, f"/repositories/2/issues/{repository.transferred[number][1]}")
        return web.json_response(Shapes(repository, self.url).issue(repository.issues[number]))

    async def _edit_issue(self, request: web.Request) -> web.Response:
        repository, asked = self._repository_of(request), await request.json()
        number = int(request.match_info["number"])
        if "id" not in request.match_info and number in repository.transferred:
            return self._moved(request, f"/repositories/2/issues/{repository.transferred[number][1]}")
        issue = repository.issues[number]
        repository.require_assignable(asked.get("assignees", []))
        issue.title, issue.body = asked.get("title", issue.title), asked.get("body", issue.body)
        issue.assignees = asked.get("assignees", issue.assignees)
        issue.updated_at = repository.now()
        if asked.get("state", issue.state) != issue.state:
            if asked["state"] == "open":
                repository.reopen_issue(issue.number)
            else:
                reason = asked.get("state_reason") or "completed"
                repository.close_issue(issue.number, reason=reason, by=BOT)
        return web.json_response(Shapes(repository, self.url).issue(issue))


@asynccontextmanager
async def running_github(repository: Repository | None = None) -> AsyncIterator[GitHub]:
    """A GitHub on loopback. At its end, every exchange must agree with GitHub's description."""
    made = GitHub(repository)
    async with serving(made.application()) as made.url:
        try:
            yield made
        finally:
            made.heal()
    found = made.violations()
    assert not found, "\n".join(found)
