"""How late an alert and an escalation are when PostgreSQL is far away."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from local_discord.client import Human
from tests.bench.figures import Figures, Limit, Row
from tests.bench.measurements import storms
from tests.bench.servers.stand import Discord, bot
from tests.pg_proxy import PgProxy

_ALERTS: Final = 7
_STEPS: Final = 10
_APART: Final = timedelta(seconds=2)
_REST_S: Final = 3.0
_WITHIN_S: Final = 30.0

#: What a start does besides, until its connections have learned their statements (`database/warming.py`).
#: An alert before that takes up to twice as long.
_TRIPS_OF_A_START: Final = 150

#: Round trips to PostgreSQL, milliseconds, and how long an alert may take then, seconds.
_AWAY: Final = {0: 1.0, 10: 1.0, 50: 1.2, 100: 2.0}


async def rows(place: Discord, dsn: str, folder: Path) -> list[Row]:
    """One for an alert and one for an escalation, for each distance."""
    return [row for away_ms in _AWAY for row in await _rows(place, dsn, folder, away_ms)]


async def _rows(place: Discord, dsn: str, folder: Path, away_ms: int) -> list[Row]:
    async with PgProxy(dsn, delay_s=away_ms / 2000).running() as proxy:
        settings = {**place.settings, "DATABASE_URL": proxy.dsn()}
        async with bot(settings, folder):
            await asyncio.sleep(_REST_S + _TRIPS_OF_A_START * away_ms / 1000)
            alerts = [await _alert(place.human, number) for number in range(_ALERTS)]
            late = await storms.lateness(place, dsn, rounds=_STEPS, apart=_APART)
    where, limit_s = f"database {away_ms} ms away", _AWAY[away_ms]
    return [
        Row(f"/sev1 → alert, {where}", Figures.of(alerts), limit=_within(limit_s), goal=f"< {limit_s:g} s"),
        Row(f"lateness of a step, {where}", Figures.of(late), limit=_within(5.0), goal="< 5 s"),
    ]


def _within(seconds: float) -> Limit:
    return Limit(worst_ms=1000 * seconds)


async def _alert(human: Human, number: int) -> float:
    """Seconds from the event of /sev1 to the request that posts its alert."""
    since = await human.log_end()
    await human.command("responder", "general", "sev1", {"title": f"far {number}"})

    async def look() -> float | None:
        log = await human.log(since=since)
        asked = (entry["monotonic_s"] for entry in log if _is_command(entry))
        posted = (entry["monotonic_s"] for entry in log if _is_alert(entry))
        first, then = next(asked, None), next(posted, None)
        return None if first is None or then is None else float(then - first)

    took = await human.until(look, "the alert", within_s=_WITHIN_S)
    await asyncio.sleep(_REST_S)
    return took


def _is_command(entry: dict[str, Any]) -> bool:
    return bool(entry["kind"] == "gateway" and entry["frame"].get("t") == "INTERACTION_CREATE")


def _is_alert(entry: dict[str, Any]) -> bool:
    is_message = bool(entry.get("method") == "POST") and str(entry.get("path")).endswith("/messages")
    return is_message and "@here" in str(entry)
