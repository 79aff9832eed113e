"""Telling people without a database, over real sockets against the local Discord."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from bot.domain.emergency import Watch, Word
from bot.domain.standing import OnCallPerson
from tests.integration.notifier_world import ALERTS, GUILD, NotifierWorld, running_world
from tests.unit.ui.samples import watch

WAITED = timedelta(minutes=15)


@pytest_asyncio.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NotifierWorld]:
    """A fresh local Discord."""
    async with running_world(monkeypatch) as made:
        yield made


async def nobody(_guild_id: int) -> dict[str, OnCallPerson]:
    """Who stands where."""
    return {}


def passed() -> Watch:
    """An alert whose deadline has just passed."""
    return watch(guild_id=GUILD, raised_at=datetime.now(UTC) - WAITED)


async def test_what_another_process_has_posted_is_not_posted_again(world: NotifierWorld) -> None:
    """Its nonce holds for minutes only; one that stood still for longer finds the message itself."""
    siren, missed = world.notifier.siren(nobody), passed()
    first = await siren.post(missed, Word.ESCALATION, to="channel", waited=WAITED, nonce="theirs")
    again = await siren.post(missed, Word.ESCALATION, to="channel", waited=WAITED, nonce="ours")
    assert again == first
    assert len(world.messages(ALERTS)) == 1


async def test_a_history_that_cannot_be_read_keeps_nobody_silent(world: NotifierWorld) -> None:
    """Rather twice than never."""
    world.break_down({"status": 503, "times": None}, route="GET /channels/*/messages")
    posted = await world.notifier.siren(nobody).post(
        passed(), Word.ESCALATION, to="channel", waited=WAITED, nonce="ours"
    )
    assert world.message(posted).mention_everyone
