"""Moments and spans as people read them: in the team's time zone, with Discord's countdown beside."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.i18n import Texts

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3_600, 86_400


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Day and time: "11/24 14:05 JST"."""
    return f"{at.astimezone(zone):%m/%d %H:%M %Z}"


def exact(at: datetime, zone: ZoneInfo) -> str:
    """Day and time to the second: "11/24 14:05:07 JST"."""
    return f"{at.astimezone(zone):%m/%d %H:%M:%S %Z}"


def dated(at: datetime, zone: ZoneInfo) -> str:
    """With the year: "2026-11-24 14:05 JST"."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def full(at: datetime, zone: ZoneInfo) -> str:
    """To the second: "2026-11-24 14:05:00 JST"."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


def clock(at: datetime, zone: ZoneInfo, *, on: datetime) -> str:
    """Return the time of day, such as "14:05 JST"; with the date unless it is the local day of *on*."""
    same_day = at.astimezone(zone).date() == on.astimezone(zone).date()
    return f"{at.astimezone(zone):%H:%M %Z}" if same_day else moment(at, zone)


def relative(at: datetime) -> str:
    """Return the markup that Discord shows as "in 12 minutes" and keeps counting."""
    return f"<t:{int(at.timestamp())}:R>"


def own_clock(at: datetime) -> str:
    """Return the markup that Discord shows as the reader's local time of day: "14:05", "2:05 PM"."""
    return f"<t:{int(at.timestamp())}:t>"


def span(seconds: float | timedelta, *, texts: Texts, locale: str) -> str:
    """A span in its one or two largest units: "45 秒", "15 分", "1 時間 5 分", "2 日 3 時間".

    Args:
        seconds: >= 0; a negative one counts as 0.
        texts: Has ``time.*``.
        locale: Whose words.
    """
    left = int(max(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds, 0))
    if left < _MINUTE_S:
        return texts.say(locale, "time.seconds", count=left)
    days, left = divmod(left, _DAY_S)
    hours, left = divmod(left, _HOUR_S)
    minutes = 0 if days else left // _MINUTE_S  # a wait of days is not told to the minute
    counts = (("time.days", days), ("time.hours", hours), ("time.minutes", minutes))
    return " ".join(texts.say(locale, key, count=count) for key, count in counts if count)
