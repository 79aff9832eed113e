"""Commands wait while it is in doubt whether the shard is still ours."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

from bot.client import IncidentBot
from bot.domain.shards import Claim, Shard
from bot.process import gateway
from bot.process.gateway import HELD_LEASE, HeldLease, answer_last_when_in_doubt
from tests.patience import PATIENCE_S


async def nothing() -> None:
    """Do nothing."""


@pytest.mark.parametrize(
    ("until_s", "has_company", "at_once"),
    [(float("inf"), True, True), (0.0, False, True), (0.0, True, False)],
    ids=["held", "alone", "in doubt"],
)
async def test_the_sure_one_is_first(
    monkeypatch: pytest.MonkeyPatch, until_s: float, has_company: bool, at_once: bool
) -> None:
    """If another instance may have the shard, events are handed on a little later, in time for an answer."""
    monkeypatch.setattr(gateway, "_DOUBT_S", 0.05)
    handed_on, done = list[Any](), asyncio.Event()

    def parse(data: object) -> None:
        handed_on.append(data)
        done.set()

    client = SimpleNamespace(_connection=SimpleNamespace(parsers={"INTERACTION_CREATE": parse}))
    answer_last_when_in_doubt(cast("IncidentBot", client))
    lease = HeldLease(Claim(Shard(0, 1), UUID(int=1), 1), nothing, until_s, has_company=has_company)
    HELD_LEASE.set(lease)
    client._connection.parsers["INTERACTION_CREATE"]({"id": "1"})
    assert bool(handed_on) == at_once
    async with asyncio.timeout(PATIENCE_S):
        await done.wait()
    assert handed_on == [{"id": "1"}]
