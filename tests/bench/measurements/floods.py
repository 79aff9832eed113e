"""Escalations while sources flood the bot: bodies as large as one may be, each with thousands of alerts."""

import json
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx

from tests.bench.figures import Figures, Limit, Row
from tests.bench.measurements import storms
from tests.bench.servers.stand import Discord, bot
from tests.cogs.hooks.sending import group

BODIES: Final = 50
#: A policy has 50 at most, and Parky's has some.
_SOURCES: Final = 25
_STEPS: Final = 60
_APART: Final = timedelta(milliseconds=500)
#: Alerts of one body, which together are just below a megabyte.
_ALERTS: Final = 3_000

_SECRET: Final = "a-secret-of-the-benchmark"
_START_S: Final = 30.0
_TRIES: Final = 20
_LATE: Final = Limit(p99_ms=500)


async def rows(place: Discord, dsn: str, folder: Path) -> list[Row]:
    """Measure how late steps are decided in peace, then while the bodies of all sources wait."""
    settings = _settings(place, dsn, folder)
    async with bot(settings, folder) as running:
        said = json.loads(await running.child.line_with('"hooks.listening"', within_s=_START_S))
        floor = await storms.lateness(place, dsn, rounds=_STEPS, apart=_APART)
        await _flood(f"http://127.0.0.1:{said['port']}/hooks")
        flooded = await storms.lateness(place, dsn, rounds=_STEPS, apart=_APART)
        await running.child.kill()
    name = f"a step due → decided, while {BODIES} hooks of {_ALERTS:,} alerts each are processed"
    return [
        Row(name, Figures.of(flooded), Figures.of(floor), "the same, with no hook", _LATE, "p99 < 500 ms")
    ]


def _settings(place: Discord, dsn: str, folder: Path) -> dict[str, str]:
    policy = folder / "flooded.toml"
    text = Path(place.settings["RUNBOOK_FILE"]).read_text(encoding="utf-8")
    tables = (f'\n[hooks.flood-{n}]\nformat = "alertmanager"\nseverity = "SEV3"\n' for n in range(_SOURCES))
    policy.write_text(text + "".join(tables), encoding="utf-8")
    secrets = {f"HOOKS_FLOOD_{n}_SECRET": _SECRET for n in range(_SOURCES)}
    own = {"DATABASE_URL": dsn, "HOOKS_PORT": "0", "RUNBOOK_FILE": str(policy.absolute())}
    return {**place.settings, **own, **secrets}


async def _flood(url: str) -> None:
    """Send the bodies."""
    body = json.dumps(_body()).encode()
    async with httpx.AsyncClient(trust_env=False, timeout=_START_S) as http:
        for number in range(BODIES):
            await _send(http, f"{url}/flood-{number % _SOURCES}/{_SECRET}", body)


async def _send(http: httpx.AsyncClient, url: str, body: bytes) -> None:
    """Send a body until it is accepted: what is slow to be stored is asked for again."""
    for _ in range(_TRIES):
        if (await http.post(url, content=body)).status_code == HTTPStatus.ACCEPTED:
            return
    raise AssertionError("a hook was not accepted")


def _body() -> dict[str, Any]:
    """Return a group as large as a body may be, of alerts that are over, and of which none was open.

    So nothing is posted, and what is measured is the hooks alone.
    """
    return group(*["resolved"] * _ALERTS, name="Flood")
