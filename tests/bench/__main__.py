"""`uv run python -m tests.bench [--json FILE] [--markdown FILE]`: how fast the bot is, beside its floor.

Ends with 1 when something takes more than its limit allows.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import product
from pathlib import Path

from rich.console import Console

from bot.storage.database.migrate import migrate
from bot.storage.embedded import EmbeddedPostgres
from tests.bench.figures import Figures, Limit, Row
from tests.bench.measurements import (
    answers,
    checks,
    digest,
    distance,
    dlq,
    floods,
    growth,
    heartbeats,
    hooks,
    masking,
    measure,
    probes,
    screens,
    storms,
    teams,
)
from tests.bench.report import put_into, table
from tests.bench.servers.stand import Discord, bare_bot, bot, discord, register_commands

_ROUNDS = 3
_NAMED = ("once", "twice", "thrice")  # in words: alerts that differ in numbers alone are the same one
_PRESSES = 40
_REACTIONS = 200
_STARTS = 3
_CROWD = 100
_TRIAGE = "トリアージ"  # the button under the answer to a monitor
_BURSTS = 2
_DUE = 6_000
_OPEN = 10_000
_STEPS = 200
_REACTIONS_PER_S = 1_000
_BARE = "a bare discord.py client that only replies to the same"
_TRIP_AND_COMMIT = "an HTTP round trip on loopback, and a bare discord.py client that commits once"
#: A command and a button to its first response: half as long again as the least, and never a second.
_LIMIT = Limit(ratio=1.5, worst_ms=1_000)
_ANSWER = "≤ 1.5 ×, never 1 s"
#: Where it waits for Discord, which no ratio can measure, or must not be late: still never a second.
_SECOND = Limit(worst_ms=1_000)
_FIVE_SECONDS = Limit(worst_ms=5_000)
_START = Limit(worst_ms=1_500)
_ACK = Limit(ratio=3)
_LATE = Limit(p99_ms=500)
_MEGABYTES = Limit(worst_ms=120)
#: How far one 👀 is from the next, seconds, and what that is called.
_APART_S = (answers.APART_S, 0.0)
_HURRY = {answers.APART_S: "", 0.0: ", one on the heels of the other"}
#: How many steps are due later, and what that is called.
_LADDERS = {0: "", 2: ", two steps are due later"}
_WIDTH = 140
_SCREENS = (
    screens.of_ended_incidents,
    screens.of_a_page,
    screens.of_a_card,
    screens.of_lists,
    screens.of_menus,
)

#: The parts that need no Discord.
_WITHOUT_DISCORD = {"dlq": dlq.rows, "checks": checks.rows, "probes": probes.rows, "masking": masking.rows}

#: The parts that need a bot of their own.
_PARTS = {
    "distance": distance.rows,
    "growth": growth.rows,
    "digest": digest.rows,
    "hooks": hooks.rows,
    "floods": floods.rows,
    "teams": teams.rows,
    "heartbeats": heartbeats.rows,
}


def main() -> None:
    """Measure, print, and write what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="put the table at the end of this page")
    parts = ("answers", "storms", *_PARTS, *_WITHOUT_DISCORD)
    parser.add_argument("--only", choices=parts, help="one part of it")
    parser.add_argument(
        "--responses", nargs="+", metavar="NAME", help="the first responses of these rows alone, as: 更新"
    )
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="incident-bot-bench-", ignore_cleanup_errors=True) as folder,
        EmbeddedPostgres(Path(folder) / "postgres") as server,
    ):
        dsn, other = server.ensure_database("bench"), server.ensure_database("floor")
        for each in (dsn, other):
            migrate(each)
        rows = asyncio.run(
            _measure(dsn, other, Path(folder), only=asked.only, responses=asked.responses or ())
        )
    Console(width=_WIDTH).print(table(rows))
    if asked.json is not None:
        figures = [asdict(row) | {"ratio": row.ratio} for row in rows]
        asked.json.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if asked.markdown is not None:
        put_into(asked.markdown, rows)
    sys.exit(int(any(row.is_over for row in rows)))


async def _measure(
    dsn: str, other: str, folder: Path, *, only: str | None, responses: Sequence[str]
) -> list[Row]:
    if only in _WITHOUT_DISCORD:
        return await _WITHOUT_DISCORD[only](dsn)
    async with discord(folder) as place:
        await register_commands(place.settings, folder)
        await measure.make_floor(dsn)
        async with bot({**place.settings, "DATABASE_URL": dsn}, folder):
            pass  # from here on all that it imports is compiled
        if responses:
            return await _first_responses(place, dsn, folder, names=responses)
        rows: list[Row] = []
        if only in (None, "answers"):
            rows += await _everyday(place, dsn, folder)
        if only in (None, "storms"):
            rows += await _storms(place, dsn, other, folder)
        for name, part in _PARTS.items():
            if only in (None, name):
                rows += await part(place, dsn, folder)
        if only is None:
            rows += [row for part in _WITHOUT_DISCORD.values() for row in await part(dsn)]
        return rows


async def _everyday(place: Discord, dsn: str, folder: Path) -> list[Row]:
    cold = await measure.cold_start(place, folder, rounds=_STARTS)
    warm = await measure.warm_start(place, dsn, folder, rounds=_STARTS)
    responses = await _first_responses(place, dsn, folder)
    acks = await _acks(place, dsn, folder)
    takeovers = Figures.of(await measure.takeover(place, dsn, folder, rounds=_STARTS))
    return [
        *responses,
        *acks,
        Row("killed → its standby has answered a command", takeovers, limit=_FIVE_SECONDS, goal="< 5 s"),
        Row("start → ready, database up to date", Figures.of(warm), limit=_START, goal="< 1.5 s"),
        Row("start → ready, empty folder (embedded PostgreSQL)", Figures.of(cold)),
    ]


async def _first_responses(place: Discord, dsn: str, folder: Path, *, names: Sequence[str] = ()) -> list[Row]:
    """The floor and the bot in turn, several times: what else the machine does meets both alike.

    Args:
        names: Measure only what has one of these in its name. Empty: everything.
    """
    settings = {**place.settings, "DATABASE_URL": dsn}
    async with bot(settings, folder):
        asks = await _asks(place, names=names)
    asks = {name: ask for name, ask in asks.items() if _is_asked_for([name], names)}
    bare, ours, slow = _Sample(place), _Sample(place), _Sample(place)
    for number in range(_ROUNDS):
        async with bare_bot(settings) as client:
            await place.human.wait_for_session()
            await bare.add(client, asks, answers.a_moment)
        async with bot(settings, folder) as running, answers.resting(dsn) as rest:
            # Anew: what it hears itself it need not read.
            own = await screens.of_a_tracked_alert(place, f"bench alert heard {_NAMED[number]}")
            own = {name: own.get(name, ask) for name, ask in asks.items()}
            async with screens.no_edits(place):
                await ours.add(running.child.pid, own, rest)
            if names:
                continue
            async with screens.slow_reads(place):
                await slow.add(running.child.pid, {_TRIAGE: own[_TRIAGE]}, rest, alone=False)
    rows = [row for name in asks for row in _rows(name, ours, bare)]
    if names:
        return rows
    what = f"triage of an alert, Discord slow, {_CROWD} people at once"
    crowds = Figures.of(slow.crowd[_TRIAGE]), Figures.of(bare.crowd[_TRIAGE])
    return [*rows, Row(what, *crowds, f"{_BARE}, as many at once", _SECOND, "never 1 s")]


async def _acks(place: Discord, dsn: str, folder: Path) -> list[Row]:
    settings = {**place.settings, "DATABASE_URL": dsn}
    async with bare_bot(settings):
        await place.human.wait_for_session()
        least = {apart_s: await _least(place, dsn, apart_s=apart_s) for apart_s in _APART_S}
    async with bot(settings, folder), answers.resting(dsn) as rest:
        await rest()
        return [
            Row(
                f"👀 → committed ack{_HURRY[apart_s]}{_LADDERS[steps]}",
                Figures.of(
                    await measure.reaction(place, dsn, rounds=_REACTIONS, steps=steps, apart_s=apart_s)
                ),
                least[apart_s],
                _TRIP_AND_COMMIT,
                _ACK,
                goal="≤ 3 ×",
            )
            for apart_s, steps in product(_APART_S, _LADDERS)
        ]


async def _least(place: Discord, dsn: str, *, apart_s: float) -> Figures:
    """What an acknowledge could cost at least."""
    commits = await measure.bare_reaction(place, dsn, rounds=_REACTIONS, apart_s=apart_s)
    trips = await measure.round_trip(place, rounds=_REACTIONS, apart_s=apart_s)
    return Figures.of([trip + commit for trip, commit in zip(trips, commits, strict=True)])


async def _storms(place: Discord, dsn: str, other: str, folder: Path) -> list[Row]:
    written = Figures.of(await storms.written(place, other, count=_DUE))
    bare = Figures.of(await storms.bare_lateness(other, rounds=_STEPS))
    await storms.beat_every_second(place.human)
    async with bot({**place.settings, "DATABASE_URL": dsn}, folder) as running:
        took, told = await storms.decided(place, dsn, count=_DUE)
        async with storms.many_open(place, dsn, count=_OPEN):
            late = Figures.of(await storms.lateness(place, dsn, rounds=_STEPS))
            await running.get("/metrics")
            memory = Figures.plain([running.memory_mb])
        acks, beats, per_s = await storms.reactions(place, dsn, per_s=_REACTIONS_PER_S)
    last, due, opened = Figures.of([took[-1]]), f"{_DUE:,} steps due at once", f"{_OPEN:,} open incidents"
    storm = f"{per_s:,.0f} 👀 a second for a minute"
    return [
        Row(
            f"{due} → all decided",
            last,
            written,
            "one statement that writes as much",
            _FIVE_SECONDS,
            goal="< 5 s (Iris: 10 s)",
        ),
        Row(f"{due} → each decided", Figures.of(took)),
        Row(f"{due} → told to all, in bundles", Figures.of([told])),
        Row(f"lateness of a step, {opened}", late, bare, "a job that does nothing", _LATE, "p99 < 500 ms"),
        Row(f"memory of the bot, {opened}", memory, limit=_MEGABYTES, goal="< 120 MB", unit="MB"),
        Row(f"👀 → committed ack, {storm}", Figures.of(acks), limit=_SECOND, goal="< 1 s"),
        Row(f"lateness of heartbeats, {storm}", Figures.of(beats), limit=_SECOND, goal="none late (< 1 s)"),
    ]


@dataclass(frozen=True, slots=True)
class _Sample:
    """Seconds from the event of each command or control to the first response, by its name.

    Attributes:
        alone: For one person, time and again.
        crowd: For as many as there are.
    """

    place: Discord
    alone: dict[str, list[float]] = field(default_factory=dict)
    crowd: dict[str, list[float]] = field(default_factory=dict)

    async def add(
        self, client: int, asks: Mapping[str, answers.Ask], rest: answers.Rest, *, alone: bool = True
    ) -> None:
        """Measure each once more; *client* answers."""
        crowd = answers.Crowd(client, _CROWD, _BURSTS)
        for name, ask in asks.items():
            if alone:
                found = await answers.one_by_one(self.place, ask, rounds=_PRESSES, rest=rest)
                self.alone.setdefault(name, []).extend(found)
            found = await crowd.all_at_once(self.place, ask, rest=rest)
            self.crowd.setdefault(name, []).extend(found)


def _is_asked_for(rows: Iterable[str], names: Sequence[str]) -> bool:
    """Return True if one of *rows* has one of *names* in its name, or without *names*."""
    return not names or any(part in row for row in rows for part in names)


async def _asks(place: Discord, *, names: Sequence[str]) -> dict[str, answers.Ask]:
    """Each command, button, select and menu; enough of each for the floor and for the bot.

    A card for each press takes minutes to make, so those that *names* does not ask for are not made.
    """
    presses = 2 * _ROUNDS * (_PRESSES + _BURSTS * _CROWD)
    asks = {
        "/triage": answers.command("triage"),
        "/incident list": answers.command("incident list"),
    }
    if _is_asked_for(answers.ON_A_CARD, names):
        asks |= await answers.presses_on_triages(place, cards=presses)
    if _is_asked_for(screens.ON_A_RESULT, names):
        asks |= await screens.of_a_triage(place, presses=presses)
    for button in await answers.buttons_of_an_incident(place):
        asks.setdefault(button.control.label, answers.press(button))
    for of_these in _SCREENS:
        asks |= await of_these(place)
    return asks | await screens.of_a_tracked_alert(place, "bench alert")


def _rows(name: str, ours: _Sample, bare: _Sample) -> list[Row]:
    alone = Figures.of(ours.alone[name]), Figures.of(bare.alone[name])
    crowd = Figures.of(ours.crowd[name]), Figures.of(bare.crowd[name])
    return [
        Row(f"{name} → first response", *alone, _BARE, _LIMIT, _ANSWER),
        Row(f"{name}, {_CROWD} people at once", *crowd, f"{_BARE}, as many at once", _LIMIT, _ANSWER),
    ]


if __name__ == "__main__":
    main()
