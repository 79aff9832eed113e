"""Exports to the code host: they come back as they were stored."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.code_host import ExportTrouble
from cogs.postmortem.pulls import PullExportState
from cogs.postmortem.store import PullExportRows
from tests.integration.storage.conftest import Rig
from tests.integration.storage.examples import GUILD, open_incident

REPOSITORY = "parky/ops"


async def test_a_pull_request_comes_back_as_it_was_stored(rig: Rig) -> None:
    """Every field; it is asked for again without losing any, and without its trouble."""
    incident = await open_incident(rig.store)
    assert await PullExportRows(rig.store.sql).of(incident.id) is None
    async with rig.store.transaction() as tx:
        await PullExportRows(tx.sql).want(incident.id, guild_id=GUILD, repository=REPOSITORY)
        made = await PullExportRows(tx.sql).of(incident.id, lock=True)
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
        await PullExportRows(tx.sql).save(full)
    assert await PullExportRows(rig.store.sql).of(incident.id) == full
    async with rig.store.transaction() as tx:
        await PullExportRows(tx.sql).want(incident.id, guild_id=GUILD, repository="parky/other")
        now = await tx.now()
    assert await PullExportRows(rig.store.sql).of(incident.id) == replace(
        full, wanted=2, next_at=now, trouble=None
    )
