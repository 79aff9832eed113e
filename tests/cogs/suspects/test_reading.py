"""Deployments and merges, as GitHub and Cloudflare tell of them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from githubkit import GitHub as Client

from bot.domain.errors import OutboundFailed, OutboundProblem
from bot.domain.systems import ChangeKind
from bot.integrations.outbound.http import OutboundHttp
from bot.integrations.systems.vendors import CloudflareAccount
from cogs.suspects.github import GitHubChanges
from cogs.suspects.rules import ChangesCut
from cogs.suspects.sources import changes_of
from tests.integration.systems.conftest import http
from tests.standins.cloudflare.server import ACCOUNT, running_cloudflare
from tests.standins.cloudflare.server import TOKEN as CLOUDFLARE_TOKEN
from tests.standins.github.deployments import Deployed
from tests.standins.github.description import MISSING, is_there
from tests.standins.github.faults import Fault
from tests.standins.github.server import TOKEN, GitHub, running_github
from tests.standins.github.state import Repository

__all__ = ["http"]

START = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
SINCE = START - timedelta(hours=2)


class Clock:
    """The repository's time, which a test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return a stopped clock."""
    return Clock()


@pytest_asyncio.fixture(loop_scope="session")
async def github(clock: Clock) -> AsyncIterator[GitHub]:
    """A GitHub; what is said to it and by it must be as GitHub describes."""
    async with running_github(Repository(now=clock)) as made:
        yield made


def changes(http: OutboundHttp, github: GitHub, *, token: str = TOKEN) -> GitHubChanges:
    """The repository as the bot reads it."""
    return GitHubChanges(http, github.url, token, github.repository.full_name)


def merge(github: GitHub, clock: Clock, title: str, *, minutes: float, base: str = "main") -> int:
    """Merge a pull request so many minutes before the start."""
    clock.now = START - timedelta(minutes=minutes)
    repository, branch = github.repository, f"b{minutes}-{base}"
    if base not in repository.branches:
        repository.create_branch(base, repository.branches["main"])
    repository.create_branch(branch, repository.branches[base])
    repository.put(branch, f"{branch}.md", b"x", replaces=None, message="x")
    pull = repository.open_pull(head=branch, base=base, title=title, body="")
    repository.merge(pull.number)
    clock.now = START
    return pull.number


async def test_merges_into_the_default_branch_are_found(
    http: OutboundHttp, github: GitHub, clock: Clock
) -> None:
    """Merges into the default branch are found, also if they were edited since.

    Those before the time, into another branch, of a postmortem, or closed without a merge are left out.
    """
    merge(github, clock, "too early", minutes=150)
    early = merge(github, clock, "決済の再試行", minutes=40)
    merge(github, clock, "elsewhere", minutes=20, base="release")
    github.repository.pulls[early].updated_at = START
    ours = merge(github, clock, "Postmortem", minutes=15)
    github.repository.pulls[ours].head = "postmortem/inc-1"
    github.repository.create_branch("closed", github.repository.branches["main"])
    github.repository.put("closed", "c.md", b"x", replaces=None, message="x")
    closed = github.repository.open_pull(head="closed", base="main", title="closed", body="")
    github.repository.close_pull(closed.number)
    (found,) = await changes(http, github).merges(SINCE, START)
    assert (found.kind, found.what) == (ChangeKind.MERGE, f"#{early} 決済の再試行")
    assert (found.at, found.where) == (START - timedelta(minutes=40), "ops main")
    assert found.url == f"https://github.example/parky/ops/pull/{early}"
    assert found.who


async def test_deployments_are_found_with_how_they_ended(http: OutboundHttp, github: GitHub) -> None:
    """A GitHub deployment is listed with its last state, and links to its log or else to its commit."""
    log = "https://github.example/parky/ops/actions/runs/1"
    github.deployments = [
        Deployed(4, at=START + timedelta(minutes=1)),
        Deployed(3, at=START - timedelta(minutes=12), states=["failure", "in_progress"], log_url=log),
        Deployed(2, at=START - timedelta(minutes=30), environment="dev", ref="f" * 40, sha="f" * 40),
        Deployed(1, at=START - timedelta(minutes=121), states=["success"]),
    ]
    last, first = await changes(http, github).deployments(SINCE, START)
    assert (last.what, last.where, last.state, last.who) == (
        "main (a1b2c3d)",
        "ops production",
        "failure",
        "sato-dev",
    )
    assert last.url == log
    assert (first.what, first.where, first.state) == ("fffffff", "ops dev", "")
    assert first.url == f"{github.url}/parky/ops/commit/{'f' * 40}"


async def test_a_busy_day_is_read_page_by_page(http: OutboundHttp, github: GitHub) -> None:
    """Deployments are read page by page until they are older than asked for.

    Only five of them are asked how they ended.
    """
    github.deployments = [Deployed(999 - n, at=START - timedelta(minutes=n)) for n in range(240)]
    found = await changes(http, github).deployments(START - timedelta(minutes=134), START)
    assert len(found) == 135
    assert sum("statuses" in asked for asked in github.asked) == 5
    assert github.count("GET /deployments") == 2


async def test_a_list_that_is_not_read_to_its_end_says_so(http: OutboundHttp, github: GitHub) -> None:
    """Previews fill the list of deployments: what was read is told, and how far it reaches back."""
    github.deployments = [
        Deployed(9_999 - n, environment="preview", at=START - timedelta(seconds=n)) for n in range(1_050)
    ]
    with pytest.raises(ChangesCut) as cut:
        await changes(http, github).deployments(SINCE, START)
    assert len(cut.value.changes) == 1_000
    assert cut.value.read_from == START - timedelta(seconds=999)
    assert await changes(http, github).deployments(START - timedelta(seconds=990), START)


async def test_a_deployment_counts_although_its_end_cannot_be_read(
    http: OutboundHttp, github: GitHub
) -> None:
    """A deployment is listed without a state if its statuses cannot be read."""
    github.deployments = [Deployed(1, at=START - timedelta(minutes=5), states=["success"])]
    github.fault(Fault.BROKEN, "GET /deployments/1/statuses")
    (found,) = await changes(http, github).deployments(SINCE, START)
    assert found.state == ""


async def test_a_spent_limit_is_no_missing_permission(http: OutboundHttp, github: GitHub) -> None:
    """A spent limit at GitHub is told as a limit, although GitHub answers 403 to both."""
    github.remaining = 0
    with pytest.raises(OutboundFailed) as limited:
        await changes(http, github).deployments(SINCE, START)
    assert limited.value.problem is OutboundProblem.RATE_LIMITED


async def test_a_wrong_token_is_told_as_such(http: OutboundHttp, github: GitHub) -> None:
    """A person has to change it."""
    with pytest.raises(OutboundFailed) as refused:
        await changes(http, github, token="expired").merges(SINCE, START)
    assert refused.value.problem is OutboundProblem.UNAUTHORISED


@pytest.mark.skipif(not is_there(), reason=MISSING)
async def test_the_conversation_is_as_github_describes_it(
    http: OutboundHttp, github: GitHub, clock: Clock
) -> None:
    """Requests and answers are as GitHub describes them.

    A client that was generated from the description reads the stand-in's answers too.
    """
    merge(github, clock, "x", minutes=3)
    github.deployments = [Deployed(1, at=START - timedelta(minutes=5), states=["success"])]
    reading = changes(http, github)
    await reading.deployments(SINCE, START)
    await reading.merges(SINCE, START)
    assert github.exchanges
    assert github.violations() == []
    client = Client(TOKEN, base_url=f"{github.url}/", auto_retry=False, http_cache=False)
    theirs = client.rest.repos
    (made,) = (await theirs.async_list_deployments("parky", "ops")).parsed_data
    (status,) = (await theirs.async_list_deployment_statuses("parky", "ops", made.id)).parsed_data
    assert (made.environment, status.state) == ("production", "success")


async def test_deployments_of_cloudflare_are_changes(http: OutboundHttp) -> None:
    """Cloudflare deployments within the asked time are changes, and a failed build of Pages is named."""
    async with running_cloudflare() as cloudflare:
        for minutes in (150, 12):
            at = (START - timedelta(minutes=minutes)).isoformat()
            cloudflare.deploy_worker("parky-public", at=at, version=str(minutes))
        at = (START - timedelta(minutes=30)).isoformat()
        cloudflare.deploy_pages("parky-lp", at=at, status="failure")
        account = CloudflareAccount(http, cloudflare.url, ACCOUNT, CLOUDFLARE_TOKEN)
        (worker,) = changes_of(await account.worker("parky-public"), SINCE, START)
        (pages,) = changes_of(await account.pages("parky-lp"), SINCE, START)
    assert (worker.where, worker.who, worker.at) == (
        "parky-public",
        "sato@example.com",
        START - timedelta(minutes=12),
    )
    assert (pages.where, pages.state, pages.what) == ("parky-lp", "failure", "aaaaaaaa")
