"""`uv run python -m tests.bench [--json FILE]`: how fast the bot answers, beside the least it could take."""

import argparse
import asyncio
import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.storage.embedded import EmbeddedPostgres
from bot.storage.migrate import migrate
from tests.bench import measure
from tests.bench.figures import Figures, Row
from tests.bench.stand import bot, discord, register_commands

_COMMANDS = 300
_REACTIONS = 200
_STARTS = 3
_WIDTH = 120


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


async def _measure(dsn: str, folder: Path) -> list[Row]:
    async with discord(folder) as place:
        await register_commands(place.settings, folder)
        cold = await measure.cold_start(place, folder, rounds=_STARTS)
        warm = await measure.warm_start(place, dsn, folder, rounds=_STARTS)
        bare = Figures.of(await measure.bare_slash_command(place, rounds=_COMMANDS))
        floor = Figures.of(await measure.round_trip_and_commit(place, dsn, rounds=_COMMANDS))
        async with bot({**place.settings, "DATABASE_URL": dsn}, folder):
            form = await measure.slash_command(place, "triage", rounds=_COMMANDS)
            listed = await measure.slash_command(place, "incident list", rounds=_COMMANDS)
            acks = await measure.reaction(place, dsn, rounds=_REACTIONS)
    replies = "a bare discord.py client that only replies"
    return [
        Row("/triage → its form", Figures.of(form), bare, replies),
        Row("/incident list → first response", Figures.of(listed), bare, replies),
        Row("👀 → committed ack", Figures.of(acks), floor, "one HTTP round trip and one commit"),
        Row("start → ready, database up to date", Figures.of(warm)),
        Row("start → ready, empty folder (embedded PostgreSQL)", Figures.of(cold)),
    ]


def _table(rows: list[Row]) -> Table:
    table = Table(title="Milliseconds on loopback, everything on this machine")
    for heading in ("", "median", "p99", "n", "floor median", "floor p99", "ratio", "floor"):
        table.add_column(heading, justify="left" if heading in ("", "floor") else "right")
    for row in rows:
        floor = row.floor
        table.add_row(
            row.what,
            _ms(row.figures.median_ms),
            _ms(row.figures.p99_ms),
            str(row.figures.count),
            _ms(floor.median_ms) if floor else "",
            _ms(floor.p99_ms) if floor else "",
            f"{row.ratio:.1f} ×" if row.ratio else "",
            row.floor_is,
        )
    return table


def _ms(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


if __name__ == "__main__":
    main()
