"""The random run: two instances, hours of incidents in a minute, and whatever may go wrong.

Usage:
    uv run python -m tests.faults.random_run.run --seed 7 --seeds 20
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bot.storage.database.migrate import migrate
from bot.storage.embedded import EmbeddedPostgres
from tests.e2e.world.opening import registered_commands
from tests.faults.judge.seen import ESCALATES
from tests.faults.random_run.play import Play
from tests.faults.stage.stage import open_stage_on
from tests.postgres import server_of_its_own

ROUNDS: Final = 20


async def play(
    seed: int,
    *,
    rounds: int,
    server: EmbeddedPostgres,
    commands: Mapping[str, Any],
    say: Callable[[str], None],
    logs: Path | None = None,
) -> list[str]:
    """One run with *seed* on a database of its own; what does not hold at its end.

    Args:
        rounds: Things that happen, one after the other.
        server: Restarted now and then.
        say: Told each thing that happens.
        logs: A folder for what the bots have logged.
    """
    database = server.ensure_database(f"seed_{seed}")
    migrate(database)
    with tempfile.TemporaryDirectory() as folder:
        async with open_stage_on(database, commands=commands, folder=Path(folder)) as stage:
            run = Play(stage, server, random.Random(seed), say)
            try:
                broken = await run.run(rounds)
            finally:
                if logs is not None:
                    _write_logs(run, logs / f"seed-{seed}")
            say(await _summary(run))
            return broken


def _write_logs(run: Play, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for bot in run.world.bots:
        (folder / f"bot-{bot.child.pid}.jsonl").write_text("".join(f"{line}\n" for line in bot.child.lines))


async def _summary(run: Play) -> str:
    counts = await run.world.rows("SELECT status, count(*) AS n FROM incidents GROUP BY 1 ORDER BY 1")
    states = ", ".join(f"{row['n']} {row['status']}" for row in counts)
    rung = sum(ESCALATES in post.text for post in run.stage.posts())
    mails = len(run.stage.box.mails)
    return f"{run.faults} faults, {len(run.told)} reports ({states}), {rung} escalations, {mails} emails"


def main() -> None:
    """Run the seeds that the command line names; exit status 1 when one of them breaks the promise."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.random_run.run", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--seeds", type=int, default=1, help="how many, counted from --seed")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--logs", type=Path, metavar="FOLDER", help="keep there what the bots log")
    asked = parser.parse_args()
    seeds = range(asked.seed, asked.seed + asked.seeds)
    with server_of_its_own() as server:
        failed = [seed for seed in seeds if not _plays_well(seed, asked, server)]
    _print(f"{asked.seeds} seeds, failed: {failed or 'none'}")
    sys.exit(1 if failed else 0)


def _plays_well(seed: int, asked: argparse.Namespace, server: EmbeddedPostgres) -> bool:
    began = time.monotonic()
    _print(f"seed {seed}")
    broken = asyncio.run(_play_alone(seed, asked, server, began))
    for sentence in broken:
        _print(f"  BROKEN {sentence}")
    _print(f"seed {seed}: {'FAILED' if broken else 'ok'} in {time.monotonic() - began:.0f} s")
    return not broken


async def _play_alone(
    seed: int, asked: argparse.Namespace, server: EmbeddedPostgres, began: float
) -> list[str]:
    def say(what: str) -> None:
        _print(f"  {datetime.now(UTC):%H:%M:%S.%f} {time.monotonic() - began:6.1f} s  {what}")

    with tempfile.TemporaryDirectory() as folder:
        commands = await registered_commands(Path(folder))
    try:
        return await play(
            seed, rounds=asked.rounds, server=server, commands=commands, say=say, logs=asked.logs
        )
    except AssertionError as error:
        return [str(error)]


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
