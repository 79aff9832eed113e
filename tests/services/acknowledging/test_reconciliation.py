"""Show how a 👀 found by reading Discord counts if the incident has changed in the meantime."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident, Status
from bot.domain.incident.transitions import AckVia
from bot.domain.people import Person
from bot.storage.tables.incidents import IncidentRows
from tests.fakes.discord import FakeDiscord
from tests.services.database import Database
from tests.services.desk import PRIMARY, SECONDARY, Desk


class _SlowDiscord(FakeDiscord):
    """Takes its time to say who had reacted when it was asked: *meanwhile* happens, once."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def acknowledgers(
        self, places: Sequence[tuple[int, int]], *, guild_id: int
    ) -> AsyncIterator[tuple[Person, int]]:
        read = [found async for found in super().acknowledgers(places, guild_id=guild_id)]
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        for found in read:
            yield found


@pytest.fixture
def slow() -> _SlowDiscord:
    """A Discord in which something happens while it is asked."""
    return _SlowDiscord()


@pytest.fixture
def desk(database: Database, slow: _SlowDiscord) -> Desk:
    """The use cases on it."""
    desk = Desk(database)
    desk.discord = slow
    desk.use(slow)
    return desk


async def _raised(desk: Desk) -> Incident:
    """A SEV1 with primary's 👀 under its alert, of which the bot has not heard."""
    incident = await desk.open("SEV1")
    await desk.work()
    await desk.pass_time(minutes=1)
    desk.discord.reactions[desk.message(DeliveryKind.ALERT)] = [PRIMARY]
    return incident


async def _react(desk: Desk, incident: Incident) -> None:
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.REACTION)


async def test_an_eye_that_was_known_by_then_does_not_put_off_the_lapse(
    desk: Desk, slow: _SlowDiscord
) -> None:
    """A 👀 from before the reminder, read again after it, does not keep the acknowledge from lapsing."""
    incident = await _raised(desk)

    async def acknowledge() -> None:
        await _react(desk, incident)
        await desk.pass_time(minutes=35)

    slow.meanwhile = acknowledge
    assert await desk.reconciler.reconcile_all() == 1
    reminded = await IncidentRows(desk.store.sql).incident(incident.id)
    assert (reminded.status, reminded.updates.reminders) == (Status.ACKNOWLEDGED, 1)
    await desk.pass_time(minutes=15)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.TRIGGERED
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]


async def test_whoever_lets_go_meanwhile_is_not_on_it_again(desk: Desk, slow: _SlowDiscord) -> None:
    """The 👀 that is read is that of the acknowledge that has just ended: the ladder goes on."""
    incident = await _raised(desk)

    async def acknowledge_and_let_go() -> None:
        await _react(desk, incident)
        await desk.releasing.release(incident.id, by=PRIMARY)

    slow.meanwhile = acknowledge_and_let_go
    assert await desk.reconciler.reconcile_all() == 0
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.TRIGGERED
    await desk.pass_time(minutes=14)
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]


async def test_somebody_elses_eye_counts_though_one_let_go_meanwhile(desk: Desk, slow: _SlowDiscord) -> None:
    """If somebody acknowledges and lets go while the 👀 are read, they are read once more.

    Then another person's 👀, which came meanwhile, acknowledges.
    """
    incident = await _raised(desk)

    async def change_hands() -> None:
        await _react(desk, incident)
        await desk.releasing.release(incident.id, by=PRIMARY)
        desk.discord.reactions[desk.message(DeliveryKind.ALERT)].append(SECONDARY)

    slow.meanwhile = change_hands
    assert await desk.reconciler.reconcile_all() == 1
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert now.on_it is not None
    assert (now.status, now.on_it.id) == (Status.ACKNOWLEDGED, SECONDARY.id)


async def test_a_whole_pass_follows_the_partial_one_that_is_under_way(desk: Desk, slow: _SlowDiscord) -> None:
    """The session that was lost in between may have lost a 👀 under what the partial one has looked at."""
    incident = await desk.open("SEV1")
    await desk.work()
    whole: list[asyncio.Task[int]] = []

    async def connect_again() -> None:
        whole.append(asyncio.create_task(desk.reconciler.reconcile_all()))
        await asyncio.sleep(0)

    slow.meanwhile = connect_again
    assert await desk.reconciler.reconcile_some() == 0
    desk.discord.reactions[desk.message(DeliveryKind.ALERT)] = [PRIMARY]
    assert await whole[0] == 1
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.ACKNOWLEDGED
