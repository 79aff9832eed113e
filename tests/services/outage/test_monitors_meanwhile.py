"""Alerts of monitors while the database is away: P0s page as `/sev1` does, and become one incident each."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import StorageUnavailable
from bot.domain.incident.incident import Incident, IncidentKind, Status
from bot.domain.incident.transitions import AckVia
from bot.domain.outage import OfflineKind
from bot.domain.timeline.entries import TimelineKind
from bot.services.alerts import arrivals
from bot.storage.tables.incidents import IncidentRows
from tests.services.alerts.test_alerts import FIRST, alert
from tests.services.desk import GUILD, RESPONDER, Desk
from tests.services.outcomes import kinds

P0 = "p0-alerts"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test wait for another process's answer."""
    monkeypatch.setattr(arrivals, "_HEED_S", 0.0)


async def away(desk: Desk) -> None:
    """The process knows the database, which then goes away."""
    await desk.emergency.tick()
    await desk.services.missed_alerts.catch_up(GUILD)  # the channel is watched from here on
    desk.database.is_away = True
    await desk.emergency.tick()


async def posted(desk: Desk, number: int, content: str = "API latency 812 ms", channel: str = P0) -> None:
    """A monitor posts a message while the database is away."""
    message = alert(desk, number, content, channel=channel)
    desk.discord.watching.append(message)
    with pytest.raises(StorageUnavailable):
        await desk.services.live_alerts.receive(message)


async def back(desk: Desk) -> list[Incident]:
    """The database is back: what was done is recorded, and the channels are read."""
    desk.database.is_away = False
    await desk.emergency.tick()
    await desk.services.missed_alerts.catch_up_if_expected(GUILD)
    await desk.work()
    numbers = range(1, 10)
    return [found for number in numbers if (found := await _incident(desk, number)) is not None]


async def _incident(desk: Desk, number: int) -> Incident | None:
    rows = await desk.database.pool.fetch("SELECT id FROM incidents WHERE id = $1", number)
    return await IncidentRows(desk.store.sql).incident(number) if rows else None


async def test_a_p0_message_pages_without_the_database(desk: Desk) -> None:
    """It is posted and paged at once; afterwards it is one alert, whose message counts once."""
    desk.discord.watching.append(alert(desk, FIRST - 1, "chatter", channel=P0))
    await away(desk)
    await posted(desk, FIRST)
    assert desk.offline_alerter.posted == [
        (OfflineKind.ALERT, "channel"),
        (OfflineKind.PAGE, "person:primary"),
    ]
    assert [key.rpartition(":")[2] for key in desk.offline_alerter.rang] == ["alert"]  # as by a person
    [incident] = await back(desk)
    assert (incident.kind, incident.severity, incident.tracked.occurrences) == (IncidentKind.ALERT, "SEV1", 1)
    assert incident.triggered_at == incident.started_at
    assert desk.sent(DeliveryKind.ALERT) == desk.sent(DeliveryKind.PAGE) == []
    assert (await kinds(desk, incident.id)).count(TimelineKind.REPEATED) == 0
    over = alert(desk, FIRST + 5, "API latency", channel=P0)
    over = replace(over, content="RESOLVED: API latency 812 ms")
    await desk.services.live_alerts.receive(over)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.RESOLVED


async def test_the_same_alert_pages_once(desk: Desk) -> None:
    """What comes again during the outage counts on the same incident."""
    desk.discord.watching.append(alert(desk, FIRST - 1, "chatter", channel=P0))
    await away(desk)
    for number in range(3):
        await posted(desk, FIRST + number)
    assert len(desk.offline_alerter.posted) == 2
    [incident] = await back(desk)
    assert incident.tracked.occurrences == 3


@pytest.mark.parametrize("is_acknowledged", [False, True])
async def test_an_open_alert_that_comes_again_pages_nobody(desk: Desk, *, is_acknowledged: bool) -> None:
    """An alert that was open before the outage is counted afterwards, acknowledged or not."""
    first = alert(desk, FIRST, channel=P0)
    desk.discord.watching.append(first)
    incident = await desk.services.live_alerts.receive(first)
    assert incident is not None
    await desk.work()
    if is_acknowledged:
        await desk.acknowledger.acknowledge(incident.id, by=RESPONDER, via=AckVia.REACTION)
    await away(desk)
    await posted(desk, FIRST + 1)
    assert desk.offline_alerter.posted == []
    [same] = await back(desk)
    assert same.tracked.occurrences == 2


async def test_what_another_process_has_answered_pages_nobody(desk: Desk) -> None:
    """If this process alone has lost the database, the other one tracks the message, and counts the next."""
    await away(desk)
    desk.services.live_alerts.note_answer(FIRST)
    for number in range(2):
        await posted(desk, FIRST + number)
    assert desk.offline_alerter.posted == []


async def test_the_channels_are_read_after_other_processes_have_recorded(desk: Desk) -> None:
    """Another process may have raised an alert without the database: its journal is waited for."""
    desk.discord.watching.append(alert(desk, FIRST - 1, "chatter", channel="p1-ops"))
    await away(desk)
    await posted(desk, FIRST, channel="p1-ops")
    desk.database.is_away = False
    await desk.database.advance(timedelta(seconds=5))  # an outage, until its end is noticed
    desk.emergency.trouble = None
    await desk.services.missed_alerts.catch_up_if_expected(GUILD)
    assert await _incident(desk, 1) is None
    assert len(await back(desk)) == 1


async def test_a_lesser_alert_waits_and_its_deadline_counts_from_its_message(desk: Desk) -> None:
    """A P1 is tracked as soon as the database is back, as of when the monitor posted it."""
    desk.discord.watching.append(alert(desk, FIRST - 1, "chatter", channel="p1-ops"))
    await away(desk)
    at = desk.clock.time
    await posted(desk, FIRST, channel="p1-ops")
    assert desk.offline_alerter.posted == []
    await desk.database.advance(timedelta(minutes=10))
    [incident] = await back(desk)
    assert (incident.severity, incident.ack_due_at) == ("SEV2", at + timedelta(hours=4))


async def test_an_acknowledge_on_the_monitors_message_counts(desk: Desk) -> None:
    """A 👀 on the monitor's own message during the outage acknowledges what it became."""
    desk.discord.watching.append(alert(desk, FIRST - 1, "chatter", channel=P0))
    await away(desk)
    await posted(desk, FIRST)
    desk.discord.reactions[FIRST] = [RESPONDER]
    [incident] = await back(desk)
    assert incident.status is Status.ACKNOWLEDGED
