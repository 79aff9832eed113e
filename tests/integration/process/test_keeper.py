"""Several keepers on one set of leases, without Discord: who holds what, and who ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import uuid4

import pytest

from bot.client import IncidentBot
from bot.domain.errors import ConfigError
from bot.domain.shards import LEASE_S, IdentifyBudget, Instance, Shard
from bot.process import keeper as module
from bot.process.gateway import HeldLease
from bot.process.keeper import ShardKeeper
from bot.process.starting import GatewayAdvice
from bot.storage.database.leases import Leases
from tests.patience import PATIENCE_S
from tests.services.database import Connections, Database


class FakeState:
    """As much of discord.py's state as a keeper touches."""

    def __init__(self) -> None:
        self.parsers: dict[str, Any] = {"INTERACTION_CREATE": lambda _data: None}
        self.shard_count: int | None = None


class FakeClient:
    """As much of a client as a keeper asks."""

    def __init__(self) -> None:
        self._connection = FakeState()
        self.listening: dict[int, float] = {}
        self.shard_count: int | None = None

    async def answered(self) -> None:
        """Return at once."""


class FakeSession:
    """Listens until it is cancelled; `fails` ends all that begin afterwards."""

    fails: Exception | None = None

    def __init__(
        self, client: FakeClient, lease: HeldLease, *, may_identify: Callable[[HeldLease], Awaitable[None]]
    ) -> None:
        self._client, self._lease, self._may_identify = client, lease, may_identify

    async def run(self) -> None:
        """READY at once."""
        await self._may_identify(self._lease)
        if self.fails is not None:
            raise self.fails
        shard = self._lease.claim.shard.id
        self._client.listening[shard] = 0.0
        try:
            await asyncio.Event().wait()
        finally:
            del self._client.listening[shard]


@pytest.fixture(autouse=True)
def _no_discord(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions without a socket, and no advice."""

    async def advised(_client: object, *, insist: bool) -> GatewayAdvice:
        return GatewayAdvice(shards=3) if insist else GatewayAdvice()

    monkeypatch.setattr(module, "GatewaySession", FakeSession)
    monkeypatch.setattr(module, "advised", advised)
    monkeypatch.setattr(FakeSession, "fails", None)


def make(
    pool: Connections, *, shards: int | None = 1, told: Callable[[int], None] = lambda _: None
) -> ShardKeeper:
    """One process."""
    leases = Leases(pool)
    me = Instance(uuid4(), "host", "1", shards or 1)
    client = cast("IncidentBot", FakeClient())
    budget = IdentifyBudget(window_s=0)
    return ShardKeeper(client, leases, me, shards=shards, budget=budget, share=told)


@asynccontextmanager
async def running(keeper: ShardKeeper) -> AsyncIterator[asyncio.Task[None]]:
    """Until the block is left; then it has given everything back."""
    task = asyncio.create_task(keeper.run())
    try:
        yield task
    finally:
        await keeper.stop()
        await asyncio.gather(task, return_exceptions=True)


async def until(look: Callable[[], bool]) -> None:
    """Wait for it to be so."""
    async with asyncio.timeout(PATIENCE_S):
        while not look():  # noqa: ASYNC110 -- nothing tells
            await asyncio.sleep(0.01)


async def test_the_first_holds_and_the_second_stands_by(database: Database) -> None:
    """The first process holds the shard and leads, the second holds none, and neither has trouble."""
    first, second = make(database.pool), make(database.pool)
    async with running(first):
        await until(lambda: first.leads)
        async with running(second):
            await until(lambda: first.trouble() is None and second.trouble() is None)
            assert (first.held, second.held) == ([Shard(0, 1)], [])
            assert (first.leads, second.leads) == (True, False)


async def test_the_tokens_requests_are_shared_by_those_who_are_there(database: Database) -> None:
    """The token's requests are shared by the running processes: by one alone, by two, then by one again."""
    told = [0]
    async with running(make(database.pool, told=told.append)):
        await until(lambda: told[-1] == 1)
        async with running(make(database.pool)):
            await until(lambda: told[-1] == 2)
        await until(lambda: told[-1] == 1)


async def test_what_is_given_back_is_taken(database: Database) -> None:
    """A shard that one process gives back is taken by another without waiting for the lease to expire."""
    first, second = make(database.pool), make(database.pool)
    async with running(second):
        async with running(first):
            await until(lambda: bool(first.held or second.held))
            one, other = (first, second) if first.held else (second, first)
            await one.stop()
            await until(lambda: other.leads)
        assert one.held == []


async def test_a_lease_that_somebody_took_ends_its_session(database: Database) -> None:
    """An instance whose lease was taken over during an outage ends its session and stands by."""
    alone = database.connections()
    first, second = make(alone), make(database.pool)
    async with running(first):
        await until(lambda: first.trouble() is None)
        alone.is_away = True
        await database.age_leases(LEASE_S + 1)
        async with running(second):
            await until(lambda: second.leads)
            alone.is_away = False
            await until(lambda: not first.held and not first._client.listening)
            assert second.leads


async def test_advice_is_taken_where_it_is_asked_for(database: Database) -> None:
    """With SHARDS=auto the process takes the number of shards that Discord advises."""
    keeper = make(database.pool, shards=None)
    async with running(keeper):
        await until(lambda: keeper.trouble() is None)
        assert keeper.held == [Shard(number, 3) for number in range(3)]


async def test_another_count_is_waited_for(database: Database) -> None:
    """Of processes with different numbers of shards, only those of one number hold any at a time.

    The others wait until the last of those is gone.
    """
    old, new = make(database.pool), make(database.pool, shards=2)
    async with running(new) as _:
        async with running(old):
            await until(lambda: bool(old.held) or bool(new.held))
            assert not (old.held and new.held)
        await until(lambda: len(new.held) == 2)


async def test_what_discord_refuses_for_good_ends_the_process(database: Database) -> None:
    """A final refusal by Discord ends the process, which gives its shard back."""
    FakeSession.fails = ConfigError("DISCORD_TOKEN: no")
    keeper = make(database.pool)
    async with running(keeper) as task:
        with pytest.raises(ConfigError):
            await asyncio.wait_for(task, PATIENCE_S)
    assert all(lease.is_free for lease in (await database.leases.fleet()).leases)


async def test_nobody_is_told_that_nobody_listens(database: Database) -> None:
    """A standby reports trouble while the process that listens does not renew its lease."""
    alone = database.connections()
    first, second = make(alone), make(database.pool)
    async with running(first):
        await until(lambda: first.trouble() is None)
        alone.is_away = True
        async with running(second):
            await until(lambda: second.trouble() is None)
            async with asyncio.timeout(PATIENCE_S):
                while second.trouble() != "nobody listens to shard 0 of 1":
                    await database.fetch(
                        "UPDATE shard_leases SET expires_at = clock_timestamp() + interval '0.9 seconds'"
                    )
                    await asyncio.sleep(0.01)
