"""Test the stand-in against githubkit, a client generated from GitHub's description.

githubkit checks each answer against its own models, so a field that is missing or of another type fails here.
"""

from base64 import b64encode

import pytest
from githubkit import GitHub as Client
from githubkit import TokenAuthStrategy
from githubkit.exception import RequestFailed

from tests.standins.github.description import MISSING, Exchange, is_there, violations
from tests.standins.github.faults import Fault
from tests.standins.github.server import TOKEN, GitHub

OWNER, NAME, BRANCH = "parky", "ops", "postmortem/inc-42"


def client(github: GitHub, *, token: str = TOKEN) -> Client[TokenAuthStrategy]:
    """Theirs."""
    return Client(token, base_url=f"{github.url}/", auto_retry=False, http_cache=False)


async def test_a_postmortem_goes_through_its_life(github: GitHub) -> None:
    """With a client of GitHub's API, a postmortem goes through branch, file, pull request and merge."""
    theirs = client(github)
    rest = theirs.rest
    repository = (await rest.repos.async_get(OWNER, NAME)).parsed_data
    base = (await rest.git.async_get_ref(OWNER, NAME, f"heads/{repository.default_branch}")).parsed_data
    await rest.git.async_create_ref(OWNER, NAME, ref=f"refs/heads/{BRANCH}", sha=base.object_.sha)
    put = await rest.repos.async_create_or_update_file_contents(
        OWNER,
        NAME,
        "docs/a.md",
        message="Draft",
        content=b64encode(b"# draft\n").decode(),
        branch=BRANCH,
    )
    assert put.status_code == 201
    pull = (
        await rest.pulls.async_create(OWNER, NAME, title="Postmortem", body="b", head=BRANCH, base="main")
    ).parsed_data
    github.repository.merge(pull.number)
    merged = (await rest.pulls.async_get(OWNER, NAME, pull.number)).parsed_data
    assert (merged.state, merged.merged) == ("closed", True)
    listed = await rest.pulls.async_list(OWNER, NAME, state="all", head=f"{OWNER}:{BRANCH}")
    assert [each["number"] for each in listed.raw_response.json()] == [pull.number]
    assert listed.parsed_data
    file = (await rest.repos.async_get_content(OWNER, NAME, "docs/a.md", ref="main")).parsed_data
    assert not isinstance(file, list)


async def test_an_issue_goes_through_its_life(github: GitHub) -> None:
    """The client githubkit opens an issue, closes it as not planned, and finds it in the list."""
    theirs = client(github)
    rest = theirs.rest
    issue = (await rest.issues.async_create(OWNER, NAME, title="Add an index")).parsed_data
    closed = (
        await rest.issues.async_update(OWNER, NAME, issue.number, state="closed", state_reason="not_planned")
    ).parsed_data
    assert (closed.state, closed.state_reason) == ("closed", "not_planned")
    listed = await rest.issues.async_list_for_repo(OWNER, NAME, state="all", sort="updated", direction="asc")
    assert [each["number"] for each in listed.raw_response.json()] == [issue.number]
    assert listed.parsed_data


@pytest.mark.parametrize(
    ("fault", "status"),
    [(Fault.FORBIDDEN, 403), (Fault.SECONDARY_LIMIT, 403), (Fault.INVALID, 422), (Fault.AWAY, 503)],
)
async def test_its_refusals_are_understood(github: GitHub, fault: Fault, status: int) -> None:
    """The stand-in's refusals are understood by a client made for GitHub's own."""
    github.fault(fault)
    theirs = client(github)
    with pytest.raises(RequestFailed) as refused:
        await theirs.rest.issues.async_create(OWNER, NAME, title="x")
    assert refused.value.response.status_code == status


async def test_another_token_is_refused(github: GitHub) -> None:
    """A request with another token is refused with 401."""
    theirs = client(github, token="ghp_other")
    with pytest.raises(RequestFailed) as refused:
        await theirs.rest.repos.async_get(OWNER, NAME)
    assert refused.value.response.status_code == 401


@pytest.mark.skipif(not is_there(), reason=MISSING)
def test_the_description_finds_what_is_wrong() -> None:
    """Each exchange that GitHub's description does not allow is named as a violation.

    A wrong field, an unknown status or parameter, a bad answer and an undescribed address are found.
    """
    path = f"/repos/{OWNER}/{NAME}/issues"
    described = violations(Exchange("POST", path, {"titel": 1}, 418, {}))
    assert [each.partition(": ")[2] for each in described] == [
        "its body has no titel",
        'the body at its top: "title" is a required property',
        "this status is not described",
    ]
    assert "no parameter stat" in violations(Exchange("GET", f"{path}?stat=all", None, 200, []))[0]
    assert "the answer at 0" in violations(Exchange("GET", path, None, 200, [{}]))[0]
    assert violations(Exchange("GET", f"/repos/{OWNER}/{NAME}/wiki", None, 200, {})) == [
        f"GET /repos/{OWNER}/{NAME}/wiki is not described"
    ]
