"""Systems of vendors that live checks read: Cloudflare, GitHub Actions, Sentry, the status page of Discord.

Nothing here changes anything there.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

from bot.domain.errors import OutboundFailed, OutboundProblem
from bot.domain.systems import CheckResult, Deployment, Fact, SystemKind, SystemState, latest
from bot.integrations.outbound.call import Call, CallTerms
from bot.integrations.outbound.http import OutboundHttp

_Value = TypeVar("_Value")

#: Seconds for one question, with its retry: a check has several within its deadline.
QUESTION_S: Final = 4.0


async def ask(
    http: OutboundHttp,
    url: str,
    *,
    system: str,
    token: str | None = None,
    params: Mapping[str, str] | None = None,
) -> object:
    """Return the JSON at *url*.

    Raises:
        OutboundFailed: as `OutboundHttp.json`.
    """
    headers = {"Accept": "application/json"} | ({} if token is None else {"Authorization": f"Bearer {token}"})
    call = Call("GET", url, headers=headers, params=params or None)
    return await http.json(call, CallTerms(system, deadline_s=QUESTION_S))


def understood(read: Callable[[Any], _Value], body: object) -> _Value:
    """Return what *read* makes of *body*.

    Raises:
        OutboundFailed: it has another form than the system describes.
    """
    try:
        return read(body)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        raise OutboundFailed(OutboundProblem.NOT_JSON, "an answer of another form") from None


def moment(text: object) -> datetime:
    """Return the time of an answer, aware.

    Raises:
        ValueError: it is none, or has no zone.
    """
    at = datetime.fromisoformat(str(text))
    if at.tzinfo is None:
        raise ValueError("no zone")
    return at


def line(text: object, *, limit: int = 80) -> str:
    """Return *text* of a system on one line of at most *limit* characters."""
    words = " ".join(str(text or "").split())
    return words if len(words) <= limit else f"{words[: limit - 1]}…"


_DASHBOARD: Final = "https://dash.cloudflare.com"
_SHORT: Final = 8
_PAGE: Final = "5"


@dataclass(frozen=True, slots=True)
class CloudflareAccount:
    """Reads the deployments of one account.

    Attributes:
        api: Cloudflare's API, without a slash at its end.
    """

    http: OutboundHttp
    api: str
    account_id: str
    token: str = field(repr=False)

    async def worker(self, script: str) -> list[Deployment]:
        """Return the last deployments of a Worker.

        Raises:
            OutboundFailed: Cloudflare does not say.
        """
        body = await self._get(f"/workers/scripts/{quote(script)}/deployments")
        page = f"{_DASHBOARD}/{self.account_id}/workers/services/view/{quote(script)}/production/deployments"
        return understood(
            lambda found: [_of_worker(each, script, page) for each in found["result"]["deployments"]], body
        )

    async def pages(self, project: str) -> list[Deployment]:
        """Return the last deployments of a Pages project to production. Raises as `worker`."""
        parameters = {"env": "production", "per_page": _PAGE}
        body = await self._get(f"/pages/projects/{quote(project)}/deployments", **parameters)
        page = f"{_DASHBOARD}/{self.account_id}/pages/view/{quote(project)}"
        return understood(lambda found: [_of_pages(each, page) for each in found["result"]], body)

    async def _get(self, path: str, **params: str) -> object:
        url = f"{self.api}/accounts/{self.account_id}{path}"
        return await ask(self.http, url, system="cloudflare", token=self.token, params=params)


@dataclass(frozen=True, slots=True)
class CloudflareWorker:
    """A `bot.services.ports.systems.LiveCheck` of one Worker."""

    account: CloudflareAccount
    name: str
    system: SystemKind = SystemKind.WORKERS

    async def look(self) -> CheckResult:
        """Return the Worker's last deployment as a result of the check."""
        return _result(self, latest(await self.account.worker(self.name)))


@dataclass(frozen=True, slots=True)
class CloudflarePages:
    """A `bot.services.ports.systems.LiveCheck` of one Pages project."""

    account: CloudflareAccount
    name: str
    system: SystemKind = SystemKind.PAGES

    async def look(self) -> CheckResult:
        """Return the last deployment; degraded if its build has failed: the one before is in operation."""
        return _result(self, latest(await self.account.pages(self.name)))


def _result(check: CloudflareWorker | CloudflarePages, last: Deployment | None) -> CheckResult:
    state, fact, values = SystemState.OK, Fact.NEVER_DEPLOYED, dict[str, str]()
    if last is not None:
        fact, values = Fact.DEPLOYED, {"at": last.at.isoformat(), "version": last.version, "by": last.by}
        if last.failed_stage is not None:
            state, fact = SystemState.DEGRADED, Fact.DEPLOY_FAILED
            values = {"at": last.at.isoformat(), "stage": last.failed_stage}
    url = None if last is None else last.url
    return CheckResult(system=check.system, name=check.name, state=state, fact=fact, values=values, url=url)


def _of_worker(body: Mapping[str, Any], script: str, page: str) -> Deployment:
    versions = body["versions"]
    main = max(versions, key=lambda each: float(each["percentage"]))
    return Deployment(
        project=script,
        at=moment(body["created_on"]),
        by=line(body.get("author_email"), limit=60),
        version=str(main["version_id"])[:_SHORT],
        url=page,
    )


def _of_pages(body: Mapping[str, Any], page: str) -> Deployment:
    stage = body["latest_stage"]
    return Deployment(
        project=str(body["project_name"]),
        at=moment(body["created_on"]),
        version=str(body["deployment_trigger"]["metadata"]["commit_hash"])[:_SHORT],
        url=f"{page}/{body['id']}",
        failed_stage=line(stage["name"], limit=20) if stage["status"] == "failure" else None,
    )


_FAILED: Final = frozenset({"failure", "timed_out", "startup_failure"})
_RUNS: Final = "30"
_JOBS: Final = "100"


@dataclass(frozen=True, slots=True)
class _Run:
    """The last completed run of a workflow."""

    id: int
    workflow: str
    conclusion: str
    at: str
    url: str


@dataclass(frozen=True, slots=True)
class GitHubActions:
    """A `bot.services.ports.systems.LiveCheck`.

    Attributes:
        api: GitHub's REST API, without a slash at its end.
        name: ``owner/name``.
    """

    http: OutboundHttp
    api: str
    token: str = field(repr=False)
    name: str
    branch: str = "main"
    system: SystemKind = SystemKind.GITHUB

    async def look(self) -> CheckResult:
        """Return degraded if the last run of a workflow has failed."""
        body = await self._get("/actions/runs", branch=self.branch, per_page=_RUNS)
        runs = understood(lambda found: _last_of_each(found["workflow_runs"]), body)
        failed = next((run for run in runs if run.conclusion in _FAILED), None)
        if failed is not None:
            job = await self._failed_job(failed)
            values = {"workflow": failed.workflow, "job": job, "at": failed.at}
            return self._result(SystemState.DEGRADED, Fact.RUN_FAILED, values, failed.url)
        if not runs:
            return self._result(SystemState.OK, Fact.NO_RUNS, {}, None)
        values = {"count": str(len(runs)), "at": runs[0].at}
        return self._result(SystemState.OK, Fact.RUNS_PASS, values, runs[0].url)

    async def _failed_job(self, run: _Run) -> str:
        """Return the name of the first job of *run* that failed; "" if it is not known."""
        with suppress(OutboundFailed):  # the run's failure is what matters
            body = await self._get(f"/actions/runs/{run.id}/jobs", filter="latest", per_page=_JOBS)
            return understood(
                lambda found: next(
                    (line(job["name"], limit=40) for job in found["jobs"] if job["conclusion"] in _FAILED), ""
                ),
                body,
            )
        return ""

    async def _get(self, path: str, **params: str) -> object:
        url = f"{self.api}/repos/{self.name}{path}"
        return await ask(self.http, url, system="github", token=self.token, params=params)

    def _result(self, state: SystemState, fact: Fact, values: dict[str, str], url: str | None) -> CheckResult:
        return CheckResult(system=self.system, name=self.name, state=state, fact=fact, values=values, url=url)


def _last_of_each(runs: Iterable[Mapping[str, Any]]) -> list[_Run]:
    """Return the last completed run of each workflow, the latest first, as GitHub lists them."""
    last: dict[int, _Run] = {}
    for each in runs:
        if each["status"] == "completed":
            last.setdefault(int(each["workflow_id"]), _run(each))
    return list(last.values())


def _run(body: Mapping[str, Any]) -> _Run:
    name = line(body.get("name") or str(body["path"]).rpartition("/")[2], limit=40)
    at = moment(body["updated_at"]).isoformat()
    return _Run(int(body["id"]), name, str(body["conclusion"]), at, str(body["html_url"]))


_MINUTES: Final = 15
_MOST: Final = 100  # Sentry's limit


@dataclass(frozen=True, slots=True)
class SentryIssues:
    """A `bot.services.ports.systems.LiveCheck`.

    Attributes:
        url: The server, without a slash at its end.
        name: The organization's slug.
        projects: Slugs; empty for all.
        environment: "" for all.
    """

    http: OutboundHttp
    url: str
    token: str = field(repr=False)
    name: str
    projects: tuple[str, ...] = ()
    environment: str = ""
    system: SystemKind = SystemKind.SENTRY

    async def look(self) -> CheckResult:
        """Return degraded if there are new issues, with the one that comes most often."""
        query = [
            ("query", f"is:unresolved firstSeen:-{_MINUTES}m"),
            ("sort", "freq"),
            ("limit", str(_MOST)),
            *(("project", slug) for slug in self.projects),
            *(("environment", name) for name in (self.environment,) if name),
        ]
        path = f"/api/0/organizations/{quote(self.name)}/issues/?{urlencode(query)}"
        body = await ask(self.http, f"{self.url}{path}", system="sentry", token=self.token)
        issues: Sequence[tuple[str, str]] = understood(
            lambda found: [(line(each["title"], limit=60), str(each["permalink"])) for each in found], body
        )
        minutes = str(_MINUTES)
        if not issues:
            return self._result(SystemState.OK, Fact.NO_NEW_ISSUES, {"minutes": minutes}, None)
        title, url = issues[0]
        count = f"{_MOST}+" if len(issues) >= _MOST else str(len(issues))
        values = {"count": count, "title": title, "minutes": minutes}
        return self._result(SystemState.DEGRADED, Fact.NEW_ISSUES, values, url)

    def _result(self, state: SystemState, fact: Fact, values: dict[str, str], url: str | None) -> CheckResult:
        return CheckResult(system=self.system, name=self.name, state=state, fact=fact, values=values, url=url)


_STATES: Final = {
    "none": SystemState.OK,
    "maintenance": SystemState.OK,
    "minor": SystemState.DEGRADED,
    "major": SystemState.DOWN,
    "critical": SystemState.DOWN,
}


@dataclass(frozen=True, slots=True)
class DiscordStatus:
    """A `bot.services.ports.systems.LiveCheck`.

    Attributes:
        page: The status page, without a slash at its end.
    """

    http: OutboundHttp
    page: str
    name: str = ""
    system: SystemKind = SystemKind.DISCORD

    async def look(self) -> CheckResult:
        """Return what the page says: its open incident if there is one, else its own words."""
        body = await ask(self.http, f"{self.page}/api/v2/summary.json", system="discord_status")
        state, words = understood(_summary, body)
        fact = Fact.STATUS_PAGE_CALM if state is SystemState.OK else Fact.STATUS_PAGE
        values = {} if state is SystemState.OK else {"said": words}
        return CheckResult(system=self.system, state=state, fact=fact, values=values, url=self.page)


def _summary(body: Mapping[str, Any]) -> tuple[SystemState, str]:
    incidents, status = body.get("incidents") or [], body["status"]
    words = incidents[0]["name"] if incidents else status["description"]
    return _STATES.get(status["indicator"], SystemState.UNKNOWN), line(words)
