"""Policies with rotations for the stories about on-call, and a clock set to an evening."""

from base64 import b64encode
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.runbook import default_policy_text
from tests.e2e.world.world import World

TOKYO = ZoneInfo("Asia/Tokyo")
HANDOVER = time(10)

_BEGIN, _END = "[oncall.primary]\n", "# When the team works."

TURNS = """[people.primary]
discord = "primary"
email = "primary@example.com"

[people.secondary]
discord = "secondary"
email = "secondary@example.com"

[people.responder]
discord = "responder"
email = "responder@example.com"

[oncall]
handover_channel = "p1-ops"
secondary = "responder"

[[oncall.primary.layer]]
people = ["primary", "secondary"]
every = "1w"
starts_on = "{starts_on}"
handover = "10:00"

"""

SOLO = """[oncall]
handover_channel = "p1-ops"
primary = "primary"
secondary = "primary"

"""


def policy_file(folder: Path, on_call: str) -> str:
    """Write Parky's policy with other people on call, and return its path."""
    text = default_policy_text()
    start, end = text.index(_BEGIN), text.index(_END)
    path = folder / "policy.toml"
    path.write_text(text[:start] + on_call + text[end:], encoding="utf-8")
    return str(path)


async def evening(world: World) -> datetime:
    """Move the time to the next 20:00 in Japan, before any bot starts; return that moment."""
    [row] = await world.rows("SELECT incident_bot.now() AS at")
    now: datetime = row["at"].astimezone(TOKYO)
    at = now.replace(hour=20, minute=0, second=0, microsecond=0)
    at += timedelta(days=1) if at <= now else timedelta()
    await world.shift(hours=(at - now).total_seconds() / 3600)
    return at


def turns(next_handover: datetime) -> str:
    """It is primary's turn, and secondary's from *next_handover* on, for a week."""
    return TURNS.format(starts_on=(next_handover - timedelta(days=7)).date().isoformat())


def following(at: datetime, *, days: int = 1) -> datetime:
    """The handover so many days after the day of *at*."""
    return datetime.combine(at.date() + timedelta(days=days), HANDOVER, TOKYO)


def attached(name: str, data: bytes) -> dict[str, str]:
    """A file as an option of a command."""
    return {"filename": name, "content_type": "text/calendar", "data": b64encode(data).decode()}
