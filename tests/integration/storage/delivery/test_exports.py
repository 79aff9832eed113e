"""Exports to the code host: they come back as they were stored."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.exports import ExportTrouble
from bot.domain.postmortem.pull import PullExportState
from tests.integration.storage.conftest import Rig
from tests.integration.storage.examples import GUILD, open_incident

REPOSITORY = "parky/ops"
ITEM = 7


async def test_a_pull_request_comes_back_as_it_was_stored(rig: Rig) -> None:
    """Every field; it is asked for again without losing any, and without its trouble."""
    incident = await open_incident(rig.store)
    assert await rig.store.pull_export(incident.id) is None
    async with rig.store.transaction() as tx:
        await tx.want_pull_export(incident.id, guild_id=GUILD, repository=REPOSITORY)
        made = await tx.lock_pull_export(incident.id)
        assert made is not None
        assert (made.state, made.wanted, made.is_draft_waiting) == (PullExportState.WANTED, 1, True)
        now = await tx.now()
        full = replace(
            made,
            state=PullExportState.OPEN,
            exported=1,
            path="docs/a.md",
            number=12,
            url="https://github.example/12",
            blob="a" * 40,
            writing="b" * 40,
            conflict="c" * 40,
            words="d",
            etag='W/"e"',
            changed_at=now,
            next_at=now + timedelta(minutes=1),
            trouble=ExportTrouble(since=now, problem="token", reason="Bad credentials", is_told=True),
        )
        await tx.save_pull_export(full)
    assert await rig.store.pull_export(incident.id) == full
    async with rig.store.transaction() as tx:
        await tx.want_pull_export(incident.id, guild_id=GUILD, repository="parky/other")
        now = await tx.now()
    assert await rig.store.pull_export(incident.id) == replace(full, wanted=2, next_at=now, trouble=None)


async def test_an_issue_comes_back_as_it_was_stored(rig: Rig) -> None:
    """Every field, and its item by the number."""
    assert await rig.store.issue_export(ITEM) is None
    async with rig.store.transaction() as tx:
        await tx.want_issue_export(ITEM, guild_id=GUILD, repository=REPOSITORY)
        made = await tx.lock_issue_export(ITEM)
        assert made is not None
        assert (made.number, made.is_open, made.shown_version) == (None, True, 0)
        now = await tx.now()
        full = replace(
            made,
            opening_at=now,
            number=12,
            url="https://github.example/12",
            shown_version=3,
            is_open=False,
            seen_at=now,
            words="d",
            assignee="sato-dev",
            unassignable="nobody",
            next_at=None,
            trouble=ExportTrouble(since=now, problem="away"),
        )
        await tx.save_issue_export(full)
    assert await rig.store.issue_export(ITEM) == full
    assert await rig.store.items_of_issues(GUILD, REPOSITORY, [11, 12]) == {12: ITEM}
    assert await rig.store.items_of_issues(GUILD, "parky/other", [12]) == {}
    assert await rig.store.items_of_issues(GUILD + 1, REPOSITORY, [12]) == {}


async def test_issues_are_read_on_from_where_they_were(rig: Rig) -> None:
    """The reading begins once for a repository; another one begins anew."""
    async with rig.store.transaction() as tx:
        now = await tx.now()
        assert await tx.begin_issue_poll(GUILD, repository=REPOSITORY, since=now)
        assert not await tx.begin_issue_poll(GUILD, repository=REPOSITORY, since=now)
    poll = await rig.store.issue_poll(GUILD)
    assert poll is not None
    moved = poll.read(until=now + timedelta(hours=1), etag='W/"a"', at=now)
    assert (moved.since, moved.etag) == (now + timedelta(minutes=59), None)
    kept = moved.read(until=None, etag='W/"b"', at=now)
    async with rig.store.transaction() as tx:
        await tx.save_issue_poll(kept)
    assert await rig.store.issue_poll(GUILD) == kept
    async with rig.store.transaction() as tx:
        assert await tx.begin_issue_poll(GUILD, repository="parky/other", since=now)
        await tx.save_issue_poll(kept)  # of the former repository, by a job that was under way
    fresh = await rig.store.issue_poll(GUILD)
    assert fresh is not None
    assert (fresh.repository, fresh.since, fresh.etag) == ("parky/other", now, None)
