"""Cloudflare: the last deployments of Workers and Pages.

Source: https://developers.cloudflare.com/api, Workers / Scripts / Deployments, Pages / Projects / Deployments
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from bot.domain.systems import CheckResult, Deployment, Fact, SystemKind, SystemState, latest
from bot.integrations.outbound.http import OutboundHttp
from bot.integrations.systems.answers import ask, line, moment, understood

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
        asked = {"env": "production", "per_page": _PAGE}
        body = await self._get(f"/pages/projects/{quote(project)}/deployments", **asked)
        page = f"{_DASHBOARD}/{self.account_id}/pages/view/{quote(project)}"
        return understood(lambda found: [_of_pages(each, page) for each in found["result"]], body)

    async def _get(self, path: str, **params: str) -> object:
        url = f"{self.api}/accounts/{self.account_id}{path}"
        return await ask(self.http, url, system="cloudflare", token=self.token, params=params)


@dataclass(frozen=True, slots=True)
class CloudflareWorker:
    """A `bot.services.ports.live_checks.LiveCheck` of one Worker."""

    account: CloudflareAccount
    name: str
    system: SystemKind = SystemKind.WORKERS

    async def look(self) -> CheckResult:
        """Return the Worker's last deployment as a result of the check."""
        return _result(self, latest(await self.account.worker(self.name)))


@dataclass(frozen=True, slots=True)
class CloudflarePages:
    """A `bot.services.ports.live_checks.LiveCheck` of one Pages project."""

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
