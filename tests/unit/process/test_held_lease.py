"""A lease as its owner sees it: when an event may be acted upon."""

from dataclasses import dataclass, field
from uuid import UUID

import pytest

from bot.domain.shards import LEASE_S, RENEW_S, Claim, LeaseLost, Shard
from bot.process.gateway import HeldLease


@dataclass(slots=True)
class Desk:
    """A lease with a clock and a database of its own.

    Attributes:
        now_s: The boot clock.
        asked: How often the database was asked by an event.
        answer: What comes of asking: "ours", "taken" or "away"; the latter after a sleep, too.
    """

    now_s: float = 1000.0
    asked: int = 0
    answer: str = "ours"
    lease: HeldLease = field(init=False)

    def __post_init__(self) -> None:
        self.lease = HeldLease(Claim(Shard(0, 1), UUID(int=1), 1), self.ask, 0.0)
        self.lease.renewed(asked_s=self.now_s)

    async def ask(self) -> None:
        """As the keeper does."""
        self.asked += 1
        if self.answer == "ours":
            self.lease.renewed(asked_s=self.now_s)
        elif self.answer == "taken":
            self.lease.is_lost = True
        else:
            self.lease.unanswered(has_slept=self.answer == "away after a sleep")


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    """One that was renewed just now."""
    made = Desk()
    monkeypatch.setattr("bot.process.gateway.boot_s", lambda: made.now_s)
    return made


async def test_within_the_lease_nothing_is_asked(desk: Desk) -> None:
    """While the lease lasts, an event is handled without asking the database."""
    desk.now_s += LEASE_S - 0.2
    await desk.lease.require()
    assert desk.asked == 0


async def test_our_lease_ends_before_the_databases(desk: Desk) -> None:
    """A process counts its lease as ended a little before the database does, and then asks the database."""
    assert desk.lease.until_s < 1000.0 + LEASE_S
    desk.now_s += LEASE_S
    await desk.lease.require()
    assert desk.asked == 1


async def test_after_a_sleep_the_database_decides(desk: Desk) -> None:
    """After a sleep, an event is handled only if the database confirms that the lease is still held."""
    desk.now_s += 60
    await desk.lease.require()
    desk.now_s += 60
    desk.answer = "taken"
    with pytest.raises(LeaseLost):
        await desk.lease.require()


async def test_after_a_sleep_without_a_database_nothing_is_done(desk: Desk) -> None:
    """After a sleep without the database no event is handled, because another instance may have it."""
    desk.now_s += 60
    desk.answer = "away after a sleep"
    with pytest.raises(LeaseLost):
        await desk.lease.require()


async def test_while_the_database_is_away_people_are_answered(desk: Desk) -> None:
    """While the database is away events are handled: no other instance can take the shard then."""
    for _ in range(10):
        desk.now_s += RENEW_S
        desk.lease.unanswered(has_slept=False)
        await desk.lease.require()
    assert desk.asked == 0


async def test_doubt_needs_company(desk: Desk) -> None:
    """A lease is doubtful only if there are other instances."""
    desk.now_s += 60
    desk.lease.unanswered(has_slept=False)
    assert not desk.lease.is_doubtful
    desk.lease.has_company = True
    assert desk.lease.is_doubtful
    desk.lease.renewed(asked_s=desk.now_s)
    assert not desk.lease.is_doubtful
