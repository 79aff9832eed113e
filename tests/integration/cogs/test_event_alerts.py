"""An alert that came as an event, in Discord: its post, and the triage that begins there."""

from collections.abc import AsyncIterator

import pytest

from bot.domain.alerts.events import AlertEvent, AlertSender, EventOrigin, event_id
from bot.domain.alerts.recognition import Says
from bot.domain.incident.incident import IncidentKind
from bot.storage.tables.incidents import IncidentRows
from tests.integration.cogs.console_world import ConsoleWorld, console_world, presses, shown
from tests.services.database import Database

SENTRY = AlertSender("sentry", "Sentry", "SEV2")
FIRING = AlertEvent(Says.FIRING, "7", "disk full on db-1", url="https://sentry.example/issues/7")


@pytest.fixture
async def world(database: Database) -> AsyncIterator[ConsoleWorld]:
    """The console, before anything has happened."""
    async with console_world(database) as running:
        yield running


async def fire(world: ConsoleWorld) -> None:
    """Let it fire."""
    origin = EventOrigin(world.guild_id, event_id(world.clock.time, 1), world.clock.time)
    await world.services.alert_events.receive_event(FIRING, SENTRY, origin)


async def test_a_triage_under_its_post_decides_its_severity(world: ConsoleWorld) -> None:
    """The form begins with its title, and the same incident becomes one of the severity that is found."""
    await world.session_began()
    await fire(world)
    post = await world.until("p1-ops", contains="inc:v1:declare:1")
    assert "送信元：[Sentry](<https://sentry.example/issues/7>)" in post["content"]
    await world.rest()
    others = shown(await world.click(post, "inc:v1:others:1"))
    [triage] = [one for one in presses(others) if one.startswith("tri:v1:from")]
    form = await world.click(others, triage)
    assert form["modal"]["components"][0]["component"]["value"] == "disk full on db-1"
    card = shown(await world.send(form, title="disk full on db-1"))
    card = shown(await world.click(card, "tri:v1:answer:1:users_affected:yes"))
    card = shown(await world.click(card, "tri:v1:answer:1:large_impact:yes"))
    await world.click(card, "tri:v1:confirm:1:SEV1")
    await world.until("p0-alerts", contains="inc:v1:ack:1")
    incident = await IncidentRows(world.store.sql).incident(1)
    assert (incident.kind, incident.severity) == (IncidentKind.INCIDENT, "SEV1")
