"""Heartbeats on PostgreSQL: what is late, what is said, and what is over, each once."""

from datetime import timedelta

import pytest

from bot.domain.errors import ConfigError
from bot.domain.incident.incident import Status
from cogs.heartbeats.recording import record
from cogs.heartbeats.rules import Beat, BeatKind, HeartbeatState
from cogs.heartbeats.store import HeartbeatRows
from tests.cogs.heartbeats.beating import TABLES, alerts, beat, look, passes, rules, use
from tests.services.desk import Desk


@pytest.fixture(autouse=True)
def _heartbeats(desk: Desk) -> None:
    use(desk)


async def state(desk: Desk, name: str = "hourly") -> HeartbeatState:
    """Return the state of a heartbeat."""
    found = await HeartbeatRows(desk.own_store.sql, desk.guild_id).all()
    return next(one.state for one in found if one.name == name)


async def test_a_report_that_does_not_come_is_an_alert_and_the_next_one_its_recovery(desk: Desk) -> None:
    """The alert comes after interval and grace, once, with the severity and the target of its table."""
    await beat(desk)
    await passes(desk, minutes=69)
    assert await alerts(desk) == []
    await passes(desk, minutes=2)
    (alert,) = await alerts(desk)
    assert (alert.severity, alert.targets) == ("SEV1", ("batch.example.com",))
    assert "hourly から報告なし (1 時間ごと)" in alert.title
    await beat(desk)
    assert [one.status for one in await alerts(desk)] == [Status.RESOLVED]
    assert await state(desk) is HeartbeatState.UP


async def test_each_further_silence_counts_on_the_same_alert(desk: Desk) -> None:
    """A job that stays away opens one alert."""
    await beat(desk)
    await passes(desk, minutes=145)
    (alert,) = await alerts(desk)
    assert alert.tracked.occurrences == 2


async def test_a_heartbeat_that_has_never_reported_is_not_late(desk: Desk) -> None:
    """Nothing is expected before the first report."""
    await passes(desk, minutes=90)
    assert await alerts(desk) == []


async def test_the_kinds_of_trouble_are_told_apart(desk: Desk) -> None:
    """A fail, a run over its limit and a run without an end have titles of their own."""
    await beat(desk, BeatKind.FAIL, body="disk full, password=hunter2secret")
    (failed,) = await alerts(desk)
    assert "hourly が失敗" in failed.title
    await beat(desk)
    await beat(desk, BeatKind.START)
    await passes(desk, minutes=21)
    assert await state(desk) is HeartbeatState.OVERRUN
    await passes(desk, minutes=75)
    assert await state(desk) is HeartbeatState.UNFINISHED
    await beat(desk)
    assert await state(desk) is HeartbeatState.UP
    assert {one.status for one in await alerts(desk)} == {Status.RESOLVED}


async def test_after_a_downtime_of_the_bot_a_report_has_its_grace(desk: Desk) -> None:
    """What was due meanwhile is late only if nothing comes within the grace either."""
    await beat(desk)
    await desk.pass_time(minutes=300)
    use(desk)  # another process
    await look(desk)
    assert await alerts(desk) == []
    await passes(desk, minutes=9)
    assert await alerts(desk) == []
    await passes(desk, minutes=2)
    assert len(await alerts(desk)) == 1


async def test_a_failure_and_a_success_between_two_looks_are_both_told(desk: Desk) -> None:
    """The success does not hide the failure before it."""
    for kind in (BeatKind.FAIL, BeatKind.SUCCESS):
        await beat(desk, kind)
    assert [one.status for one in await alerts(desk)] == [Status.RESOLVED]


async def test_a_report_from_before_the_alert_ends_it_when_it_is_recorded_later(desk: Desk) -> None:
    """It was kept on disk while the database was away; the alert came first."""
    await beat(desk)
    await passes(desk, minutes=70)
    before = desk.clock.time
    await passes(desk, minutes=1)
    assert [one.status for one in await alerts(desk)] == [Status.TRIGGERED]
    kept = Beat(desk.guild_id, "hourly", BeatKind.SUCCESS, at=before - timedelta(seconds=5))
    await record(desk.own_store, rules(desk, "hourly"), kept)
    await look(desk)
    assert [one.status for one in await alerts(desk)] == [Status.RESOLVED]


async def test_a_policy_that_gives_a_heartbeat_longer_counts_at_once(desk: Desk) -> None:
    """What was awaited by the policy before is not late, and is late by the new one."""
    await beat(desk)
    use(desk, TABLES.replace('every = "1h"', 'every = "2h"'))
    await passes(desk, minutes=120)
    assert await alerts(desk) == []
    await passes(desk, minutes=11)
    assert len(await alerts(desk)) == 1


async def test_a_policy_that_gives_a_heartbeat_less_counts_at_once(desk: Desk) -> None:
    """A job that died under the longer interval is late after the grace from the start on, and told once."""
    use(desk, TABLES.replace('every = "1h"', 'every = "30d"'))
    await beat(desk)
    await passes(desk, minutes=120)
    use(desk)
    await passes(desk, minutes=9)
    assert await alerts(desk) == []
    await passes(desk, minutes=2)
    use(desk)  # another start does not bring the next alarm forward
    await passes(desk, minutes=60)
    assert [alert.tracked.occurrences for alert in await alerts(desk)] == [1]


async def test_the_alert_is_the_heartbeats_teams(desk: Desk) -> None:
    """The silence of a job is its team's alert; an unknown team is refused by its place."""
    tables = TABLES.replace("limit", 'team = "data"\nlimit')
    use(desk, tables + "[teams.data]\n")
    await beat(desk)
    await passes(desk, minutes=71)
    assert [alert.team for alert in await alerts(desk)] == ["data"]
    with pytest.raises(ConfigError, match=r'heartbeats\.hourly\.team: "data" is not a team'):
        use(desk, tables + "[teams.web]\n")
