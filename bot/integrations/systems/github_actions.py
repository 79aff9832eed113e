"""GitHub Actions: the last run of each workflow on a branch, and the job that failed.

Source: https://docs.github.com/rest/actions/workflow-runs, https://docs.github.com/rest/actions/workflow-jobs
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from bot.domain.errors import OutboundFailed
from bot.domain.systems import CheckResult, Fact, SystemKind, SystemState
from bot.integrations.outbound.http import OutboundHttp
from bot.integrations.systems.answers import ask, line, moment, understood

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
    """A `bot.services.ports.live_checks.LiveCheck`.

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
