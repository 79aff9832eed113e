"""Test the clients of GitHub Actions, Cloudflare, Sentry and Discord's status page against stand-ins."""

from collections.abc import Callable
from datetime import datetime

import cloudflare
import pytest
from cloudflare.types.workers.scripts import DeploymentListResponse

from bot.domain.errors import OutboundFailed, OutboundProblem
from bot.domain.systems import Fact, SystemState
from bot.integrations.outbound.http import OutboundHttp
from bot.integrations.systems.vendors import (
    CloudflareAccount,
    CloudflarePages,
    CloudflareWorker,
    DiscordStatus,
    GitHubActions,
    SentryIssues,
)
from tests.integration.outbound.upstream import says, upstream
from tests.standins.cloudflare.server import ACCOUNT, TOKEN, Cloudflare, running_cloudflare
from tests.standins.github.actions import Run
from tests.standins.github.server import TOKEN as GITHUB_TOKEN
from tests.standins.github.server import GitHub, running_github
from tests.standins.sentry.server import ORGANIZATION, running_sentry
from tests.standins.sentry.server import TOKEN as SENTRY_TOKEN

EARLIER, LATER = "2026-11-28T08:00:00Z", "2026-11-28T09:00:00Z"


def actions(http: OutboundHttp, there: GitHub, *, token: str = GITHUB_TOKEN) -> GitHubActions:
    return GitHubActions(http, there.url, token, there.repository.full_name)


async def test_the_last_run_of_each_workflow_counts(http: OutboundHttp) -> None:
    """A failure that a later run has mended, one that is running, and another branch's are no news."""
    async with running_github() as there:
        there.runs = [
            Run(5, "deploy", None),
            Run(4, "deploy"),
            Run(3, "deploy", "failure"),
            Run(2, "test", workflow_id=2),
            Run(1, "lint", "failure", workflow_id=3, branch="topic"),
        ]
        found = await actions(http, there).look()
        assert (found.state, found.fact, found.values["count"]) == (SystemState.OK, Fact.RUNS_PASS, "2")


async def test_a_failed_run_is_named_with_its_job(http: OutboundHttp) -> None:
    """A failed workflow run is named with its failed job, and links to its page."""
    async with running_github() as there:
        there.runs = [Run(2, "test"), Run(1, "deploy", "failure", workflow_id=2)]
        there.runs[1].jobs = {"build": "success", "migrate": "failure", "notify": "skipped"}
        found = await actions(http, there).look()
        assert (found.state, found.fact) == (SystemState.DEGRADED, Fact.RUN_FAILED)
        assert (found.values["workflow"], found.values["job"]) == ("deploy", "migrate")
        assert found.url is not None
        assert found.url.endswith("/actions/runs/1")


async def test_a_token_that_github_does_not_know_is_said_so(http: OutboundHttp) -> None:
    """A token that GitHub does not accept is reported as unauthorised, not as GitHub being down."""
    async with running_github() as there:
        with pytest.raises(OutboundFailed) as failed:
            await actions(http, there, token="github_pat_11AAAAAAA0another").look()
        assert failed.value.problem is OutboundProblem.UNAUTHORISED


async def test_cloudflares_own_client_reads_the_stand_in() -> None:
    """Cloudflare's own client can read the stand-in's deployments and its answer about an unknown worker.

    So the tests with the stand-in say something about Cloudflare.
    """
    async with running_cloudflare() as there:
        deploy(there)
        async with cloudflare.AsyncCloudflare(
            api_token=TOKEN, base_url=there.url, _strict_response_validation=True
        ) as client:
            scripts = client.workers.scripts.deployments
            # Its list is made for pages of items, which this endpoint does not have (cloudflare 5.9.0).
            page = await scripts.list("parky-admin", account_id=ACCOUNT)
            assert page.result is not None
            workers = DeploymentListResponse.model_validate(page.result.to_dict())
            assert [each.created_on for each in workers.deployments] == [moment(LATER), moment(EARLIER)]
            pages = client.pages.projects.deployments.list(
                "lp", account_id=ACCOUNT, env="production", per_page=5
            )
            assert [each.latest_stage.status async for each in pages] == ["failure", "success"]
            with pytest.raises(cloudflare.NotFoundError):
                await scripts.list("none", account_id=ACCOUNT)


async def test_the_last_deployments_of_workers_and_pages(http: OutboundHttp) -> None:
    """The last deployment of a worker is shown with its author and time.

    A failed build of Pages is degraded with its stage. A worker without deployments is told as such.
    """
    async with running_cloudflare() as there:
        deploy(there)
        account = CloudflareAccount(http, there.url, ACCOUNT, TOKEN)
        worker = await CloudflareWorker(account, "parky-admin").look()
        assert (worker.state, worker.fact) == (SystemState.OK, Fact.DEPLOYED)
        assert worker.values["by"] == "suzuki@example.com"
        assert moment(worker.values["at"]) == moment(LATER)
        pages = await CloudflarePages(account, "lp").look()
        assert (pages.state, pages.values["stage"]) == (SystemState.DEGRADED, "build")
        there.workers["new"] = []
        assert (await CloudflareWorker(account, "new").look()).fact is Fact.NEVER_DEPLOYED


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda there: setattr(there, "refusal", (403, 10000, "Authentication error")), "forbidden"),
        (lambda there: setattr(there, "refusal", (429, 10429, "Rate limited")), "rate_limited"),
        (lambda there: there.workers.clear(), "not_found"),
        (lambda there: there.workers.update({"parky-admin": [{"versions": []}]}), "not_json"),
    ],
)
async def test_what_cloudflare_refuses_is_an_error_with_its_kind(
    http: OutboundHttp, change: Callable[[Cloudflare], object], problem: str
) -> None:
    """Each refusal by Cloudflare, and an answer of another form, has its own error, without the token."""
    async with running_cloudflare() as there:
        deploy(there)
        change(there)
        with pytest.raises(OutboundFailed) as failed:
            await CloudflareWorker(CloudflareAccount(http, there.url, ACCOUNT, TOKEN), "parky-admin").look()
        assert failed.value.problem == problem
        assert TOKEN not in repr(failed.value)


async def test_new_issues_of_sentry_are_counted_and_the_most_frequent_is_named(http: OutboundHttp) -> None:
    """Sentry's new issues are counted and the most frequent is named.

    Both projects are asked for new issues, the most frequent first. A wrong token is told as unauthorised.
    """
    async with running_sentry() as there:
        check = SentryIssues(http, there.url, SENTRY_TOKEN, ORGANIZATION, ("api", "web"), "production")
        assert (await check.look()).state is SystemState.OK
        there.fail("payment_intent_failed", count=120)
        there.fail("another")
        found = await check.look()
        assert (found.state, found.values["count"]) == (SystemState.DEGRADED, "2")
        assert found.values["title"] == "payment_intent_failed"
        *asked, first, second, environment = there.asked[-1]
        assert asked == [("query", "is:unresolved firstSeen:-15m"), ("sort", "freq"), ("limit", "100")]
        assert [first, second] == [("project", "api"), ("project", "web")]
        assert environment == ("environment", "production")
        refused = SentryIssues(http, there.url, "sntryu_other", ORGANIZATION)
        with pytest.raises(OutboundFailed) as failed:
            await refused.look()
        assert failed.value.problem is OutboundProblem.UNAUTHORISED


@pytest.mark.parametrize(
    ("indicator", "state"),
    [
        ("none", SystemState.OK),
        ("minor", SystemState.DEGRADED),
        ("critical", SystemState.DOWN),
        ("of tomorrow", SystemState.UNKNOWN),
    ],
)
async def test_discords_status_page_by_its_indicator(
    http: OutboundHttp, indicator: str, state: SystemState
) -> None:
    """The indicator of Discord's status page decides the state; one that is not known makes it unknown."""
    body = f'{{"status": {{"indicator": "{indicator}", "description": "Said"}}, "incidents": []}}'
    async with upstream(says(200, body.encode())) as there:
        found = await DiscordStatus(http, f"http://127.0.0.1:{there.port}").look()
        assert found.state is state


async def test_a_login_page_instead_of_json_is_said_so(http: OutboundHttp) -> None:
    """A login page instead of JSON, as a captive portal gives it, is reported as being no JSON."""
    async with upstream(says(200, b"<html>log in</html>", kind="text/html")) as there:
        with pytest.raises(OutboundFailed) as failed:
            await DiscordStatus(http, f"http://127.0.0.1:{there.port}").look()
        assert failed.value.problem is OutboundProblem.NOT_JSON


def deploy(there: Cloudflare) -> None:
    """Two deployments of each."""
    there.deploy_worker("parky-admin", at=EARLIER)
    there.deploy_worker("parky-admin", at=LATER, by="suzuki@example.com", version="2")
    there.deploy_pages("lp", at=EARLIER)
    there.deploy_pages("lp", at=LATER, status="failure")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
