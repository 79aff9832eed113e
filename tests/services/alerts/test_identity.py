"""Alerts of earlier versions, and of a policy before its last edit, are found again."""

from datetime import timedelta

import pytest

from bot.domain.incident.incident import Status
from bot.runbook import default_policy_text, parse_policy
from tests.services.alerts.test_monitors import say, statuses
from tests.services.database import Database
from tests.services.desk import Desk

FIRING = "【障害】第7駐車場の精算機3号"
OVER = "【復旧】第7駐車場の精算機3号"


async def age(desk: Desk) -> None:
    """Turn the open alerts into those of a version that made fingerprints otherwise, and kept no subjects."""
    await desk.database.pool.execute("UPDATE incidents SET fingerprint = 'of before', subject = NULL")


async def test_a_repeat_counts_on_the_alert_of_an_older_version(desk: Desk) -> None:
    """The same alert again opens no second one after an upgrade; another car park does."""
    await say(desk, 1, FIRING)
    await age(desk)
    await say(desk, 2, FIRING)
    assert [(status, count) for _, status, count in await statuses(desk)] == [(Status.TRIGGERED, 2)]
    await say(desk, 3, FIRING.replace("7", "8"))
    assert len(await statuses(desk)) == 2


async def test_a_recovery_closes_the_alert_of_an_older_version(desk: Desk) -> None:
    """A recovery after an upgrade ends its alert and its ladder, and no other one."""
    await say(desk, 1, FIRING.replace("7", "8"))
    await say(desk, 2, FIRING)
    await desk.database.pool.execute("UPDATE incidents SET fingerprint = 'before ' || id, subject = NULL")
    await say(desk, 3, OVER)
    assert [status for _, status, _ in await statuses(desk)] == [Status.TRIGGERED, Status.RESOLVED]


async def test_an_edit_of_the_patterns_loses_no_open_alert(database: Database) -> None:
    """A pattern that a team adds makes another fingerprint; what was open counts on, and ends."""
    before = Desk(database)
    await say(before, 1, "PROBLEM: gate 3 of lot 7")
    added = '\n[[alerts.patterns]]\nsays = "firing"\nline = "PROBLEM: {what}"\nexact = true\n'
    after = Desk(database, parse_policy(default_policy_text() + added, name="edited"))
    await say(after, 2, "PROBLEM: gate 3 of lot 7")
    assert [(status, count) for _, status, count in await statuses(after)] == [(Status.TRIGGERED, 2)]
    await say(after, 3, "OK: gate 3 of lot 7")
    assert [status for _, status, _ in await statuses(after)] == [Status.RESOLVED]


@pytest.mark.parametrize("over", ["Gate 3 works normally again", "gate 3 recovered after 12 minutes"])
async def test_a_recovery_in_other_words_ends_its_own_alert(desk: Desk, over: str) -> None:
    """A recovery is worded otherwise than its alert; the one that it names ends, and its ladder."""
    await say(desk, 1, "🔴 Barrier of gate 3 is stuck", channel="p0-alerts")
    await say(desk, 2, "🔴 Barrier of gate 4 is stuck", channel="p0-alerts")
    await say(desk, 3, over, channel="p0-alerts")
    assert [status for _, status, _ in await statuses(desk)] == [Status.RESOLVED, Status.TRIGGERED]


async def test_a_muted_alert_of_an_older_version_stays_muted(desk: Desk) -> None:
    """A mute holds after an upgrade: the same alert opens nothing."""
    await say(desk, 1, FIRING)
    await desk.database.pool.execute(
        """INSERT INTO alert_verdicts
                  (guild_id, fingerprint, incident_id, verdict, severity, by_id, by_name, at, holds_until)
           SELECT guild_id, 'of before', id, 'mute', severity, 1, 'sato', now(), now() + interval '1 day'
             FROM incidents"""
    )
    await desk.database.pool.execute("UPDATE incidents SET status = 'resolved', resolved_at = now()")
    await age(desk)
    await desk.database.advance(timedelta(hours=2))
    await say(desk, 2, FIRING)
    assert len(await statuses(desk)) == 1


async def test_what_only_resembles_a_muted_alert_is_tracked(desk: Desk) -> None:
    """A mute silences the same alert alone, not one of the same machine that says more."""
    await say(desk, 1, "ALERT: drum of gate 3 is stuck")
    await desk.database.pool.execute(
        """INSERT INTO alert_verdicts
                  (guild_id, fingerprint, incident_id, verdict, severity, by_id, by_name, at, holds_until)
           SELECT guild_id, fingerprint, id, 'mute', severity, 1, 'sato', now(), now() + interval '1 day'
             FROM incidents"""
    )
    await desk.database.pool.execute("UPDATE incidents SET status = 'resolved', resolved_at = now()")
    await desk.database.advance(timedelta(hours=2))
    await say(desk, 2, "ALERT: drum of gate 3 is stuck")
    assert len(await statuses(desk)) == 1
    await say(desk, 3, "ALERT: drum cable of gate 3 is stuck")
    assert len(await statuses(desk)) == 2
