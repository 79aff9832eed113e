"""Each request that the bot makes of GitHub: what it changes there, and what comes back."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.code_host import Branch, CodeHostProblem, IssueText, PullState, blob_sha
from bot.domain.errors import CodeHostRefused
from bot.integrations.github.repository import GitHubRepository
from tests.standins.github.server import GitHub
from tests.standins.github.state import MAINTAINER

PATH = "docs/ops/postmortems/2026-11-24-決済-api-が-5xx.md"
BRANCH = "postmortem/inc-42"


async def drafted(repository: GitHubRepository, text: bytes = b"# draft\n") -> None:
    """A branch with a file."""
    base = await repository.default_branch()
    await repository.create_branch(Branch(BRANCH, base.commit))
    await repository.put_file(PATH, text, branch=BRANCH, message="Draft", replaces=None)


async def test_a_file_is_written_and_replaced(github: GitHub, repository: GitHubRepository) -> None:
    """A file with a Japanese name is written to a branch with a slash in its name, and replaced there.

    Its sha is the one that git computes, and the main branch does not get the file.
    """
    await drafted(repository)
    found = await repository.file(PATH, branch=BRANCH)
    assert found is not None
    assert found.sha == blob_sha(b"# draft\n")
    await repository.put_file(PATH, b"# second\n", branch=BRANCH, message="Again", replaces=found.sha)
    assert github.repository.text(BRANCH, PATH) == "# second\n"
    assert await repository.file(PATH, branch="main") is None


async def test_a_branch_is_created_once(repository: GitHubRepository) -> None:
    """A second create leaves it where it is; one that is not there is None."""
    assert await repository.branch(BRANCH) is None
    await drafted(repository)
    before = await repository.branch(BRANCH)
    await repository.create_branch(await repository.default_branch())
    await repository.create_branch(Branch(BRANCH, (await repository.default_branch()).commit))
    assert await repository.branch(BRANCH) == before


async def test_a_branch_is_deleted_once(repository: GitHubRepository) -> None:
    """One that is gone is no error."""
    await drafted(repository)
    for _ in range(2):
        await repository.delete_branch(BRANCH)
        assert await repository.branch(BRANCH) is None


@pytest.mark.parametrize("replaces", [None, blob_sha(b"what the bot read")])
async def test_what_people_wrote_meanwhile_is_not_overwritten(
    github: GitHub, repository: GitHubRepository, replaces: str | None
) -> None:
    """GitHub itself refuses a replacement of another version, and a new file where there is one."""
    await drafted(repository)
    github.repository.edit_file(BRANCH, PATH, "# people's\n")
    with pytest.raises(CodeHostRefused) as refused:
        await repository.put_file(PATH, b"# bot's\n", branch=BRANCH, message="Draft", replaces=replaces)
    assert refused.value.problem is CodeHostProblem.CONFLICT
    assert github.repository.text(BRANCH, PATH) == "# people's\n"


async def test_a_folder_is_no_file(github: GitHub, repository: GitHubRepository) -> None:
    """A path that is a folder on the branch is refused."""
    await drafted(repository)
    with pytest.raises(CodeHostRefused) as refused:
        await repository.file("docs/ops/postmortems", branch=BRANCH)
    assert refused.value.problem is CodeHostProblem.CONFLICT
    assert github.count("GET /contents/docs/ops/postmortems") == 1


async def test_a_pull_request_is_opened_once(github: GitHub, repository: GitHubRepository) -> None:
    """A second one from the same branch is refused; it is found by its branch, and followed by its etag."""
    await drafted(repository)
    opened = await repository.open_pull_request(branch=BRANCH, into="main", title="Postmortem", body="b")
    assert (opened.state, opened.branch) == (PullState.OPEN, BRANCH)
    with pytest.raises(CodeHostRefused) as refused:
        await repository.open_pull_request(branch=BRANCH, into="main", title="Postmortem", body="b")
    assert refused.value.problem is CodeHostProblem.INVALID
    assert "already exists" in refused.value.reason
    assert await repository.pull_requests_of(BRANCH) == [opened]
    assert await repository.pull_requests_of("postmortem/inc-43") == []
    first = await repository.pull_request(opened.number, etag=None)
    assert first is not None
    assert await repository.pull_request(opened.number, etag=first.etag) is None
    edited = await repository.edit_pull_request(opened.number, title="Better", body="c")
    assert (edited.title, edited.body) == ("Better", "c")
    github.repository.merge(opened.number)
    merged = await repository.pull_request(opened.number, etag=first.etag)
    assert merged is not None
    assert (merged.value.state, merged.value.merged_by) == (PullState.MERGED, MAINTAINER)


async def test_a_closed_pull_request_is_not_a_merged_one(
    github: GitHub, repository: GitHubRepository
) -> None:
    """A pull request closed without a merge is listed as closed.

    Another pull request can be opened from the same branch.
    """
    await drafted(repository)
    first = await repository.open_pull_request(branch=BRANCH, into="main", title="Postmortem", body="")
    github.repository.close_pull(first.number)
    second = await repository.open_pull_request(branch=BRANCH, into="main", title="Postmortem", body="")
    found = await repository.pull_requests_of(BRANCH)
    assert [(pull.number, pull.state) for pull in found] == [
        (second.number, PullState.OPEN),
        (first.number, PullState.CLOSED),
    ]


async def test_an_issue_goes_through_its_life(github: GitHub, repository: GitHubRepository) -> None:
    """Opened, edited, closed as done or as not planned, and opened again."""
    opened = await repository.open_issue(IssueText("Add an index", "by 12/5", assignees=(MAINTAINER,)))
    assert (opened.is_open, opened.assignees) == (True, (MAINTAINER,))
    edited = await repository.edit_issue(opened.number, IssueText("Add two", "by 12/6"))
    assert (edited.title, edited.assignees) == ("Add two", (MAINTAINER,))
    done = await repository.set_issue_state(opened.number, is_open=False)
    assert (done.is_open, done.is_planned) == (False, True)
    again = await repository.set_issue_state(opened.number, is_open=True)
    assert (again.is_open, again.closed_by) == (True, None)
    dropped = await repository.set_issue_state(opened.number, is_open=False, is_planned=False)
    assert (dropped.is_open, dropped.is_planned) == (False, False)
    assert github.repository.issues[opened.number].state_reason == "not_planned"
    assert await repository.issue(opened.number) == dropped


async def test_a_login_that_cannot_be_assigned_is_named(repository: GitHubRepository) -> None:
    """A login that cannot be assigned is named in the refusal, so that the issue can be opened without it."""
    with pytest.raises(CodeHostRefused) as refused:
        await repository.open_issue(IssueText("Add an index", "", assignees=("nobody",)))
    assert refused.value.fields == {"assignees"}


async def test_changed_issues_are_read_once(github: GitHub, repository: GitHubRepository) -> None:
    """Page after page, the oldest change first, without pull requests; unchanged, nothing is read."""
    await drafted(repository)
    await repository.open_pull_request(branch=BRANCH, into="main", title="Postmortem", body="")
    opened = [await repository.open_issue(IssueText(f"item {n}", "")) for n in range(35)]
    since = datetime.now(UTC) - timedelta(minutes=5)
    found = await repository.issues_since(since, etag=None)
    assert found is not None
    assert [issue.number for issue in found.value.issues] == [issue.number for issue in opened]
    assert found.etag is None, "the first of two pages may stay the same while the second one changes"
    late = found.value.until
    assert late is not None
    github.repository.issues = {opened[0].number: github.repository.issues[opened[0].number]}
    one = await repository.issues_since(late, etag=None)
    assert one is not None
    left = github.remaining
    assert await repository.issues_since(late, etag=one.etag) is None
    assert github.remaining == left, "what has not changed costs nothing of the limit"


async def test_the_token_is_looked_at_without_a_change(github: GitHub, repository: GitHubRepository) -> None:
    """The check of the token names each missing permission.

    Afterwards the repository has no branch, pull request or issue that was not there before.
    """
    facts = await repository.facts()
    assert (facts.name, facts.is_archived, facts.lacks) == ("parky/ops", False, ())
    github.permissions = {"contents"}
    assert (await repository.facts()).lacks == ("pull_requests", "issues")
    github.repository.has_issues = False
    assert (await repository.facts()).lacks == ("pull_requests",)
    assert set(github.repository.branches) == {"main"}
    assert (github.repository.pulls, github.repository.issues) == ({}, {})
