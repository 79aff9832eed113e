"""What the tests of heartbeats have in common: a desk with heartbeats, and the port that takes beats."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx

from bot.domain.incident.incident import Incident
from bot.integrations.public_server import serve_public
from bot.runbook import default_policy_text, parse_policy
from bot.runbook.model import Policy
from bot.storage.tables.incidents import IncidentRows
from cogs.heartbeats.recording import record
from cogs.heartbeats.rules import Beat, BeatKind, HeartbeatRules, Heartbeats, secret_of
from cogs.heartbeats.site import HeartbeatAddress, HeartbeatSite, open_heartbeats
from cogs.heartbeats.spool import BeatSpool
from cogs.heartbeats.use_cases import HeartbeatUseCases
from tests.patience import PATIENCE_S
from tests.services.desk import Desk

KEY = "a-key-of-the-installation"

TABLES = """
[heartbeats.hourly]
every = "1h"
grace = "10m"
limit = "20m"
severity = "SEV1"
target = "batch.example.com"

[heartbeats.nightly]
cron = "0 3 * * *"
severity = "SEV2"
"""


def policy_of(tables: str) -> Policy:
    """Return the default policy with tables of heartbeats."""
    policy = parse_policy(f"{default_policy_text()}\n{tables}", name="policy.toml")
    return replace(policy, guild_id=None)


def use(desk: Desk, tables: str = TABLES) -> None:
    """Give the desk's policy these heartbeats, as after a start."""
    desk.policy = policy_of(tables)
    desk.use(desk.discord)


def rules(desk: Desk, name: str) -> HeartbeatRules:
    """Return the rules of a heartbeat."""
    return desk.policy.of(Heartbeats).by_name[name]


async def beat(
    desk: Desk, kind: BeatKind = BeatKind.SUCCESS, *, name: str = "hourly", body: str = ""
) -> None:
    """A job reports, and the leader looks."""
    said = Beat(desk.guild_id, name, kind, body=body)
    await record(desk.own_store, rules(desk, name), said)
    await look(desk)


async def look(desk: Desk) -> None:
    """The leader looks."""
    await desk.services.of(HeartbeatUseCases).watching.tick()


async def passes(desk: Desk, *, minutes: float) -> None:
    """Time passes, while the leader goes on looking."""
    for _ in range(int(minutes * 60 / 15)):
        await desk.pass_time(seconds=15)
        await look(desk)


async def alerts(desk: Desk) -> list[Incident]:
    """All tracked alerts, oldest first."""
    rows = await desk.database.pool.fetch("SELECT id FROM incidents WHERE kind = 'alert' ORDER BY id")
    return [await IncidentRows(desk.store.sql).incident(row["id"]) for row in rows]


def path(desk: Desk, name: str = "hourly") -> str:
    """Return the address of a heartbeat."""
    return f"/ping/{secret_of(KEY, desk.guild_id, name)}"


@asynccontextmanager
async def site(desk: Desk, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The port of a process, and what calls it."""
    addresses = {
        secret_of(KEY, desk.guild_id, one.name): HeartbeatAddress(
            desk.guild_id, one, desk.own_store, lambda: desk.clock.time
        )
        for one in desk.policy.of(Heartbeats).by_name.values()
    }
    async with (
        open_heartbeats(HeartbeatSite(addresses, BeatSpool(folder))) as routes,
        serve_public([routes], host="127.0.0.1", port=0) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=PATIENCE_S) as sender,
    ):
        yield sender
