"""Rows 27, 29 and 30: the wall clock, the host's time zone, and a missed digest."""

import signal
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.e2e.digest.monday import JST, wait_for_monday
from tests.faults.conftest import Figure, OpenStage
from tests.faults.stage.stage import Stage

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-clock")]

_NEW_YORK = ZoneInfo("America/New_York")

_THE_LAST_ONE_IS_TOLD = """
INSERT INTO digests (guild_id, week, due_at)
VALUES ($1, to_char(now() - interval '14 days', 'IYYY"-W"IW'), now() - interval '7 days')
    ON CONFLICT DO NOTHING
"""


@pytest.mark.parametrize("direction", [signal.SIGUSR1, signal.SIGUSR2], ids=["forward", "back"])
async def test_row_27_the_wall_clock_moves(stage: Stage, figure: Figure, direction: signal.Signals) -> None:
    """If the host's clock jumps by an hour, the step is still due by the database's clock."""
    alert = await stage.sev1(f"行27 {direction.name} 決済 API が 5xx")
    stage.world.bot.child.signal(direction)
    await stage.world.fast_forward(minutes=14)
    assert stage.escalations(alert.number) == []
    due = await stage.reach_deadline(alert.number)
    [rung] = await stage.escalated(alert.number)
    late_s = (rung.at - due).total_seconds()
    assert 0 <= late_s < 5
    figure(f"{late_s * 1000:.0f} ms late")


async def test_row_29_a_host_whose_zone_has_summer_time(open_stage: OpenStage, figure: Figure) -> None:
    """On a host in New York, after its clocks change, the digest comes on Monday 18:00 in Japan."""
    async with open_stage(TZ=_NEW_YORK.key) as stage:
        await wait_for_monday(stage.world, hour=17, minute=58, not_before=_next_change(_NEW_YORK))
        await stage.world.rows(_THE_LAST_ONE_IS_TOLD, int(stage.world.sandbox.address.guild_id))
        seen = []
        for hours in (0, 0.04, 24):  # before 18:00 in Japan, just after it, and after 18:00 in New York
            await stage.world.shift(hours=hours)
            await stage.world.start_bot()  # whoever starts looks at once
            if hours:
                await stage.world.human.see("p3-insights", "先週")
            await stage.world.settle()
            await stage.world.stop_bot()
            seen.append(len(stage.posts_in("p3-insights")))
        assert seen == [0, 1, 1]
        [told] = stage.posts_in("p3-insights")
        at, [row] = told.at.astimezone(JST), await stage.world.rows("SELECT max(due_at) AS due FROM digests")
        assert (at.strftime("%a"), at.hour) == ("Mon", 18)
        assert f"{row['due'].astimezone(JST):%a %H:%M}" == "Mon 18:00"
        figure(f"due {row['due'].astimezone(JST):%a %H:%M %Z}, 1 digest at {at:%H:%M}")


async def test_row_30_down_at_six_and_back_at_twenty_to_seven(open_stage: OpenStage, figure: Figure) -> None:
    """The digest is late rather than missed, and another start does not post it again."""
    async with open_stage() as stage:
        await wait_for_monday(stage.world, hour=18, minute=40)
        for _ in range(2):
            await stage.world.start_bot()
            await stage.world.human.see("p3-insights", "先週")
            await stage.world.idle()
            await stage.world.stop_bot()
        told = await stage.world.posts("p3-insights")
        assert len(told) == 1
        [row] = await stage.world.rows("SELECT now() - max(due_at) AS late FROM digests")
        figure(f"{len(told)} digest, {row['late'].total_seconds() / 60:.0f} min late, after 2 starts")


def _next_change(zone: ZoneInfo) -> date:
    """Return the day after the zone's next clock change."""
    at = datetime.now(UTC)
    offset = at.astimezone(zone).utcoffset()
    while at.astimezone(zone).utcoffset() == offset:
        at += timedelta(days=1)
    return at.date()
