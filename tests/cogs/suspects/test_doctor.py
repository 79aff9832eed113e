"""`doctor` on the sources of changes."""

from datetime import datetime

from bot.doctor.finding import State
from bot.domain.errors import OutboundFailed, OutboundProblem, UpstreamUnavailable
from bot.domain.systems import RecentChange
from cogs.suspects.doctor import check_change_sources
from cogs.suspects.rules import ChangeSource


def source(name: str, error: Exception | None = None) -> ChangeSource:
    """One that can be read, or raises."""

    async def read(_since: datetime, _until: datetime) -> list[RecentChange]:
        if error is not None:
            raise error
        return []

    return ChangeSource(name, read, about="parky/api")


async def test_no_source_is_no_mistake() -> None:
    """Doctor accepts a team without sources of changes, and says that there will be no card."""
    (found,) = await check_change_sources(())
    assert found.state is State.OK
    assert "no card" in found.said


async def test_hooks_that_report_deployments_are_a_source() -> None:
    """Doctor counts hooks that report deployments as a source of changes: with them alone there is a card."""
    (found,) = await check_change_sources((), has_reports=True)
    assert found.state is State.OK
    assert "hooks" in found.said
    assert "no card" not in found.said


async def test_each_source_that_cannot_be_read_is_named_with_what_to_do() -> None:
    """Doctor reports each source of changes that cannot be read as a failure, with what to do.

    The sources that can be read are counted in one line.
    """
    sources = (
        source("github_merges"),
        source("github_deployments", OutboundFailed(OutboundProblem.FORBIDDEN, "HTTP 403")),
        source("cloudflare_workers", OutboundFailed(OutboundProblem.NOT_FOUND, "HTTP 404")),
        source("cloudflare_pages", UpstreamUnavailable("away")),
    )
    fine, *failed = await check_change_sources(sources)
    assert (fine.state, fine.said) == (State.OK, "sources of changes that can be read: 1")
    assert [one.state for one in failed] == [State.FAIL] * 3
    assert [one.said for one in failed] == [
        "github_deployments parky/api: HTTP 403",
        "cloudflare_workers parky/api: HTTP 404",
        "cloudflare_pages parky/api: away",
    ]
    for one, todo in zip(failed, ("Deployments", "[checks.cloudflare]", "try again later"), strict=True):
        assert todo in one.todo
