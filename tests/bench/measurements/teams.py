"""Fifty teams beside one: whose an incident is must not make its steps late."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.bench.figures import Figures, Limit, Row
from tests.bench.measurements import storms
from tests.bench.servers.stand import Discord, bot

TEAMS: Final = 50  # as many as a policy may have

_OPEN: Final = 10_000
_ROUNDS: Final = 3  # what else the machine does meets both alike
_STEPS: Final = 100
_LATE: Final = Limit(p99_ms=500, ratio=1.5)

_TABLES: Final = """
[oncall.{name}_1]
discord = "primary"

[oncall.{name}_2]
discord = "secondary"

[teams.{name}]
channel = "{channel}"
schedule = ["{name}_1", "{name}_2"]
"""
_CHANNELS: Final = ("p1-ops", "p2-deploys", "p3-insights", "general")


async def rows(place: Discord, dsn: str, folder: Path) -> list[Row]:
    """Measure how late steps are decided for one team, and for fifty with as many incidents, in turn."""
    floor, late, every = [], [], [f"team_{n}" for n in range(TEAMS)]
    for _ in range(_ROUNDS):
        floor += await _lateness(place, dsn, folder, teams=every[:1])
        late += await _lateness(place, dsn, folder, teams=every)
    name = f"lateness of a step, {_OPEN:,} open incidents of {TEAMS} teams"
    goal = "≤ 1.5 ×, p99 < 500 ms"
    return [Row(name, Figures.of(late), Figures.of(floor), "the same, of one team", _LATE, goal)]


async def _lateness(place: Discord, dsn: str, folder: Path, *, teams: Sequence[str]) -> list[float]:
    own = {"DATABASE_URL": dsn, "RUNBOOK_FILE": str(_policy(place, folder, teams).absolute())}
    async with (
        bot({**place.settings, **own}, folder),
        storms.many_open(place, dsn, count=_OPEN, teams=teams),
    ):
        return await storms.lateness(place, dsn, rounds=_STEPS, teams=teams)


def _policy(place: Discord, folder: Path, teams: Sequence[str]) -> Path:
    policy = folder / f"teams-{len(teams)}.toml"
    text = Path(place.settings["RUNBOOK_FILE"]).read_text(encoding="utf-8")
    tables = (
        _TABLES.format(name=name, channel=_CHANNELS[n % len(_CHANNELS)]) for n, name in enumerate(teams)
    )
    policy.write_text(text + "".join(tables), encoding="utf-8")
    return policy
