"""`uv run python -m tests.bench [--json FILE]`: how fast the bot answers, beside the least it could take.

Ends with 1 when somebody would wait longer than `_LIMIT` allows.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.storage.embedded import EmbeddedPostgres
from bot.storage.migrate import migrate
from tests.bench import answers, measure, screens
from tests.bench.figures import Figures, Limit, Row
from tests.bench.stand import Discord, bare_bot, bot, discord, register_commands

_COMMANDS = 300
_REACTIONS = 200
_STARTS = 3
_CROWD = 100
_BURSTS = 3
_BARE = "a bare discord.py client that only replies"
#: A command and a button to its first response: half as long again as the least, and never a second.
_LIMIT = Limit(ratio=1.5, worst_ms=1_000)
#: Where it waits for Discord, which no ratio can measure: still never a second.
_WORST = Limit(worst_ms=1_000)
_TAKEOVER = Limit(worst_ms=5_000)
_WIDTH = 140


def main() -> None:
    """Measure, print, and write what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    file: Path | None = parser.parse_args().json
    with (
        tempfile.TemporaryDirectory(prefix="incident-bot-bench-", ignore_cleanup_errors=True) as folder,
        EmbeddedPostgres(Path(folder) / "postgres") as server,
    ):
        dsn = server.ensure_database("bench")
        migrate(dsn)
        rows = asyncio.run(_measure(dsn, Path(folder)))
    Console(width=_WIDTH).print(_table(rows))
    if file is not None:
        figures = [asdict(row) | {"ratio": row.ratio} for row in rows]
        file.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.exit(int(any(row.is_over for row in rows)))


async def _measure(dsn: str, folder: Path) -> list[Row]:
    async with discord(folder) as place:
        await register_commands(place.settings, folder)
        cold = await measure.cold_start(place, folder, rounds=_STARTS)
        warm = await measure.warm_start(place, dsn, folder, rounds=_STARTS)
        bare = await _bare(place)
        floor = Figures.of(await measure.round_trip_and_commit(place, dsn, rounds=_COMMANDS))
        async with bot({**place.settings, "DATABASE_URL": dsn}, folder):
            rows = await _answers(place, bare)
            acks = await measure.reaction(place, dsn, rounds=_REACTIONS)
        takeovers = Figures.of(await measure.takeover(place, dsn, folder, rounds=_STARTS))
    return [
        *rows,
        Row("👀 → committed ack", Figures.of(acks), floor, "one HTTP round trip and one commit"),
        Row("killed → its standby has answered a command", takeovers, limit=_TAKEOVER),
        Row("start → ready, database up to date", Figures.of(warm)),
        Row("start → ready, empty folder (embedded PostgreSQL)", Figures.of(cold)),
    ]


@dataclass(frozen=True, slots=True)
class _Bare:
    """A bare discord.py client that only replies: to one person, and to a crowd."""

    alone: Figures
    crowd: Figures


async def _bare(place: Discord) -> _Bare:
    async with bare_bot(place.settings):
        await place.human.wait_for_session()
        ask = answers.command(place, "triage")
        alone = Figures.of(await answers.one_by_one(place, ask, rounds=_COMMANDS))
        return _Bare(alone, Figures.of(await _crowd(place, ask)))


async def _answers(place: Discord, bare: _Bare) -> list[Row]:
    """Each command, button, select and menu to its first response, for one person and for a crowd."""
    presses = _COMMANDS + _BURSTS * _CROWD
    asks = {
        "/triage": answers.command(place, "triage"),
        "/incident list": answers.command(place, "incident list"),
    }
    asks |= await answers.presses_on_triages(place, cards=presses)
    asks |= await screens.of_a_triage(place, presses=presses)
    for button in await answers.buttons_of_an_incident(place):
        asks.setdefault(button.control.label, answers.press(place, button))
    for of_these in (screens.of_ended_incidents, screens.of_a_page, screens.of_lists, screens.of_menus):
        asks |= await of_these(place)
    tracked = await screens.of_a_tracked_alert(place)
    rows = []
    async with screens.no_edits(place):
        for name, ask in (asks | tracked).items():
            rows += await _rows(place, name, ask, bare=bare, limit=_LIMIT)
    async with screens.slow_reads(place):
        crowd = Figures.of(await _crowd(place, tracked["triage"]))
    what = f"triage of an alert, Discord slow, {_CROWD} people at once"
    return [*rows, Row(what, crowd, bare.crowd, f"{_BARE}, as many at once", _WORST)]


async def _rows(place: Discord, name: str, ask: answers.Ask, *, bare: _Bare, limit: Limit) -> list[Row]:
    alone = Figures.of(await answers.one_by_one(place, ask, rounds=_COMMANDS))
    crowd = Figures.of(await _crowd(place, ask))
    return [
        Row(f"{name} → first response", alone, bare.alone, _BARE, limit),
        Row(f"{name}, {_CROWD} people at once", crowd, bare.crowd, f"{_BARE}, as many at once", limit),
    ]


async def _crowd(place: Discord, ask: answers.Ask) -> list[float]:
    return await answers.all_at_once(place, ask, people=_CROWD, bursts=_BURSTS)


def _table(rows: list[Row]) -> Table:
    table = Table(title="Milliseconds on loopback, everything on this machine")
    for heading in ("", "median", "p99", "worst", "n", "floor median", "floor p99", "ratio", "", "floor"):
        table.add_column(heading, justify="left" if heading in ("", "floor") else "right")
    for row in rows:
        floor = row.floor
        table.add_row(
            row.what,
            _ms(row.figures.median_ms),
            _ms(row.figures.p99_ms),
            _ms(row.figures.worst_ms),
            str(row.figures.count),
            _ms(floor.median_ms) if floor else "",
            _ms(floor.p99_ms) if floor else "",
            f"{row.ratio:.2f} ×" if row.ratio else "",
            "over" if row.is_over else "",
            row.floor_is,
        )
    return table


def _ms(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


if __name__ == "__main__":
    main()
