"""What `doctor` says of GitHub: one line, with what to do."""

from dataclasses import replace

import pytest

from bot.doctor.finding import State
from bot.doctor.outside import check_code_host
from bot.integrations.github.repository import GitHubRepository
from bot.runbook import load_policy
from tests.standins.github.faults import Fault
from tests.standins.github.server import GitHub

POLICY = load_policy(None)


async def test_all_is_well(github: GitHub, repository: GitHubRepository) -> None:
    """The doctor says what goes to the repository, and creates no pull request or issue there."""
    found = await check_code_host(repository, POLICY, has_token=True)
    assert (found.state, found.said) == (State.OK, "parky/ops takes postmortems and action items")
    assert (github.repository.pulls, github.repository.issues) == ({}, {})


async def test_each_missing_permission_is_named(github: GitHub, repository: GitHubRepository) -> None:
    """The doctor names each missing permission, unless the policy does not need it."""
    github.permissions = {"issues"}
    found = await check_code_host(repository, POLICY, has_token=True)
    assert (found.state, found.said) == (
        State.FAIL,
        "the token may not write contents, pull_requests of parky/ops",
    )
    no_pulls = replace(POLICY, github=replace(POLICY.github, pull_requests=False))
    found = await check_code_host(repository, no_pulls, has_token=True)
    assert (found.state, found.said) == (State.OK, "parky/ops takes action items")


async def test_a_repository_that_takes_nothing(github: GitHub, repository: GitHubRepository) -> None:
    """The check says if the repository of the policy is archived or has no issues."""
    github.repository.has_issues = False
    assert (await check_code_host(repository, POLICY, has_token=True)).said == "parky/ops has no issues"
    github.repository.is_archived = True
    assert (await check_code_host(repository, POLICY, has_token=True)).said == "parky/ops is archived"


@pytest.mark.parametrize(
    ("fault", "said", "todo"),
    [
        (Fault.BAD_TOKEN, "Bad credentials", "renew GITHUB_TOKEN"),
        (Fault.NOT_FOUND, "Not Found", "correct GITHUB_REPOSITORY"),
        (Fault.AWAY, "GitHub answered 503", "try again"),
        (Fault.HTML, "text/html instead of JSON", "try again"),
    ],
)
async def test_what_is_wrong_comes_with_what_to_do(
    github: GitHub, repository: GitHubRepository, fault: Fault, said: str, todo: str
) -> None:
    """A token that is refused, a repository that is not there, a GitHub that is away."""
    github.fault(fault)
    found = await check_code_host(repository, POLICY, has_token=True)
    assert found.state is State.FAIL
    assert said in found.said
    assert found.todo.startswith(todo)


async def test_nothing_is_set_up() -> None:
    """A policy without GitHub is fine.

    A token without a repository is a warning; for a repository without a token the line says what to set.
    """
    named = replace(POLICY, github=replace(POLICY.github, repository="parky/ops"))
    assert (await check_code_host(None, POLICY, has_token=False)).state is State.OK
    assert (await check_code_host(None, POLICY, has_token=True)).state is State.WARN
    assert (await check_code_host(None, named, has_token=False)).todo == "set GITHUB_TOKEN"
