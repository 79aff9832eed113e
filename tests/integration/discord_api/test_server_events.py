"""Scheduled events, as Discord has them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.domain.server_events import EventShown
from tests.integration.discord_api.notifier_world import GUILD, PRIMARY, NotifierWorld, running_world

SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
SHOWN = EventShown("Maintenance: api", "Why: backup", "api", SOON, SOON + timedelta(hours=2))


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NotifierWorld]:
    """A fresh Discord."""
    async with running_world(monkeypatch) as fresh:
        yield fresh


async def test_an_event_is_made_changed_and_deleted(world: NotifierWorld) -> None:
    """The list shows what was asked for, and not the events of others."""
    made = await world.notifier.create_event(GUILD, SHOWN)
    others = await world.notifier.create_event(GUILD, SHOWN)
    world.world.scheduled_events[str(others)].creator_id = str(PRIMARY)
    [event] = await world.notifier.server_events(GUILD)
    assert (event.id, event.shown, event.has_begun) == (made, SHOWN, False)
    later = replace(
        SHOWN, description="", starts_at=SOON + timedelta(days=7), ends_at=SOON + timedelta(days=8)
    )
    await world.notifier.change_event(GUILD, event, later)
    [event] = await world.notifier.server_events(GUILD)
    assert (event.shown, event.shows(later), event.shows(SHOWN)) == (later, True, False)
    await world.notifier.end_event(GUILD, event)
    assert list(world.world.scheduled_events) == [str(others)]
    with pytest.raises(DeliveryRefused) as refused:
        await world.notifier.end_event(GUILD, event)
    assert refused.value.code == 10070


async def test_an_event_under_way_ends_sooner_or_later(world: NotifierWorld) -> None:
    """It keeps its start; it is over, not deleted."""
    made = await world.notifier.create_event(GUILD, SHOWN)
    world.sandbox.core.clock.advance(timedelta(hours=1, minutes=1).total_seconds())
    [event] = await world.notifier.server_events(GUILD)
    assert event.has_begun
    longer = replace(SHOWN, ends_at=SHOWN.ends_at + timedelta(hours=1))
    await world.notifier.change_event(GUILD, event, longer)
    [event] = await world.notifier.server_events(GUILD)
    assert event.shown == longer
    await world.notifier.end_event(GUILD, event)
    assert await world.notifier.server_events(GUILD) == []
    assert world.world.scheduled_events[str(made)].status.name == "COMPLETED"


async def test_what_is_refused_and_what_is_no_event(world: NotifierWorld) -> None:
    """Without the permission Discord's code comes back; an event without a time is no answer of Discord's."""
    made = await world.notifier.create_event(GUILD, SHOWN)
    world.world.scheduled_events[str(made)].ends_at = ""
    world.world.scheduled_events[str(made)].starts_at = "9999-01-01T00:00:00+00:00"
    with pytest.raises(UpstreamUnavailable, match="scheduled_end_time"):
        await world.notifier.server_events(GUILD)
    world.world.roles[str(GUILD)].permissions = 0
    with pytest.raises(DeliveryRefused) as refused:
        await world.notifier.create_event(GUILD, SHOWN)
    assert refused.value.code == 50013
