"""Monday evening, when the digest is posted."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.e2e.world.world import World

JST = ZoneInfo("Asia/Tokyo")


async def wait_for_monday(
    world: World, *, hour: int, minute: int = 0, not_before: date = date.min
) -> datetime:
    """Move to the next Monday at *hour* in Japan, with only that Monday's digest still to be posted.

    Args:
        world: The world whose clock moves.
        hour: The hour in Japan.
        minute: The minute of that hour.
        not_before: The earliest date that the Monday may be, in Japan.

    Returns:
        The time that it is then, in Japan.
    """
    [row] = await world.rows("SELECT now()")
    now = row["now"].astimezone(JST)
    first = max(now.date() + timedelta(days=1), not_before)
    monday = first + timedelta(days=-first.weekday() % 7)
    at = datetime.combine(monday, time(hour, minute), JST)
    await world.shift(hours=(at - now).total_seconds() / 3600)
    await world.rows("DELETE FROM digests WHERE week = $1", _week_before(at))
    await world.rows(
        "INSERT INTO guilds VALUES ($1, now() - interval '30 days') ON CONFLICT DO NOTHING",
        int(world.sandbox.address.guild_id),
    )
    return at


def _week_before(monday: datetime) -> str:
    year, week, _ = (monday - timedelta(days=7)).isocalendar()
    return f"{year}-W{week:02}"
