"""Escalations while hundreds of jobs report each minute: how late steps are, how soon beats are answered."""

import asyncio
import json
import time
from contextlib import suppress
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Final

import httpx

from tests.bench.figures import Figures, Limit, Row
from tests.bench.measurements import storms
from tests.bench.servers.stand import Discord, bot
from tests.postgres import connect

_JOBS: Final = 500  # as many as a policy may have
_EVERY_S: Final = 60.0
#: Of one turn; there are as many as it takes until each job has reported.
_STEPS: Final = 60
_APART: Final = timedelta(milliseconds=500)

_KEY: Final = "a-key-of-the-benchmark"
_START_S: Final = 30.0
_LATE: Final = Limit(p99_ms=500)


async def rows(place: Discord, dsn: str, folder: Path) -> list[Row]:
    """Measure how late steps are decided in peace, then while every job reports once a minute."""
    async with bot(_settings(place, dsn, folder), folder) as running:
        said = json.loads(await running.child.line_with('"hooks.listening"', within_s=_START_S))
        floor = [late for _ in range(2) for late in await _lateness(place, dsn)]
        answered: list[float] = []
        beating = asyncio.create_task(_beat(f"http://127.0.0.1:{said['port']}", place.guild_id, answered))
        late: list[float] = []
        while len(answered) < _JOBS:
            late += await _lateness(place, dsn)
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating
        await running.child.kill()
    load = f"{_JOBS} heartbeats a minute"
    return [
        Row(
            f"a step due → decided, beside {load}",
            Figures.of(late),
            Figures.of(floor),
            "the same, with no heartbeat",
            _LATE,
            "p99 < 500 ms",
        ),
        Row(f"{load} → answered", Figures.of(answered)),
    ]


async def _lateness(place: Discord, dsn: str) -> list[float]:
    """Measure some steps, and end them: their later ones would count as further steps."""
    late = await storms.lateness(place, dsn, rounds=_STEPS, apart=_APART)
    connection = await connect(dsn)
    await storms.finish(connection)
    await connection.close()
    return late


def _settings(place: Discord, dsn: str, folder: Path) -> dict[str, str]:
    policy = folder / "beating.toml"
    text = Path(place.settings["RUNBOOK_FILE"]).read_text(encoding="utf-8")
    keys = 'every = "1m"\ngrace = "1m"\nseverity = "SEV3"\n'
    tables = (f"\n[heartbeats.{_name(number)}]\n{keys}" for number in range(_JOBS))
    policy.write_text(text + "".join(tables), encoding="utf-8")
    own = {"DATABASE_URL": dsn, "HOOKS_PORT": "0", "RUNBOOK_FILE": str(policy.absolute())}
    return {**place.settings, **own, "HEARTBEATS_SECRET": _KEY}


def _name(number: int) -> str:
    return f"job-{number}"


async def _beat(url: str, guild_id: int, answered: list[float]) -> None:
    """Let each job report once a minute, until cancelled; add the seconds until each answer to *answered*."""
    from cogs.heartbeats.rules import secret_of  # noqa: PLC0415 -- the other parts run without the folder

    began, number = time.monotonic(), 0
    async with httpx.AsyncClient(trust_env=False, timeout=_START_S) as http, asyncio.TaskGroup() as reporting:
        while True:
            at = began + number * _EVERY_S / _JOBS
            await asyncio.sleep(at - time.monotonic())
            address = f"{url}/ping/{secret_of(_KEY, guild_id, _name(number % _JOBS))}"
            reporting.create_task(_report(http, address, answered))
            number += 1


async def _report(http: httpx.AsyncClient, address: str, answered: list[float]) -> None:
    began = time.monotonic()
    assert (await http.get(address)).status_code == HTTPStatus.OK
    answered.append(time.monotonic() - began)
