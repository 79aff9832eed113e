"""Debian's Alertmanager as a process, which posts in the local Discord or calls the bot."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
import pytest

from bot.demo.process import Child
from local_discord.rest.resources.webhooks import new_webhook
from tests.e2e.world.world import World

PROGRAM: Final = Path("/usr/bin/prometheus-alertmanager")
INSTALL: Final = "bash .ci/alertmanager"

_READY_WITHIN_S: Final = 30.0
_ADDRESS: Final = re.compile(r'msg="Listening on" address=(\S+)')

# What changes in a group is told within half a second; nothing is repeated while a test runs.
_CONFIG: Final = """
route:
  receiver: bot
  group_by: [alertname]
  group_wait: 100ms
  group_interval: 500ms
  repeat_interval: 4h
receivers:
  - name: bot
    {receiver}
"""


class Alertmanager:
    """One that runs: takes alerts as Prometheus posts them, and tells its receiver."""

    def __init__(self, address: str) -> None:
        self._alerts = f"http://{address}/api/v2/alerts"

    async def fire(self, *labels: Mapping[str, str], summary: str) -> None:
        """These alerts fire."""
        await self._post([{"labels": dict(one), "annotations": {"summary": summary}} for one in labels])

    async def resolve(self, *labels: Mapping[str, str]) -> None:
        """They are over."""
        at = datetime.now(UTC).isoformat()
        await self._post([{"labels": dict(one), "endsAt": at} for one in labels])

    async def _post(self, alerts: list[dict[str, object]]) -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            (await client.post(self._alerts, json=alerts)).raise_for_status()


def require_alertmanager() -> None:
    """Skip the test where there is none; in CI fail it."""
    if PROGRAM.exists():
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"no {PROGRAM}: {INSTALL}")
    pytest.skip(f"no {PROGRAM}: {INSTALL}")


def posting_in(world: World, channel: str) -> str:
    """Return the receiver that posts in *channel*."""
    core = world.sandbox.core
    place = next(one for one in core.world.channels.values() if one.name == channel)
    hook = new_webhook(core, place, "Alertmanager", owner_id=core.world.guild.owner_id)
    url = f"{world.sandbox.address.api_base}/webhooks/{hook.id}/{hook.token}"
    return f'discord_configs: [{{webhook_url: "{url}"}}]'


def calling(url: str, *, token: str) -> str:
    """Return the receiver that calls a webhook with a bearer token."""
    authorization = f'authorization: {{credentials: "{token}"}}'
    return f'webhook_configs: [{{url: "{url}", http_config: {{{authorization}}}}}]'


@asynccontextmanager
async def alertmanager(folder: Path, receiver: str) -> AsyncIterator[Alertmanager]:
    """A running one, as Debian ships it, with this receiver."""
    config = folder / "alertmanager.yml"
    config.write_text(_CONFIG.format(receiver=receiver), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        str(PROGRAM),
        f"--config.file={config}",
        f"--storage.path={folder / 'alertmanager'}",
        "--web.listen-address=127.0.0.1:0",
        "--cluster.listen-address=",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    child = Child("alertmanager", process)
    try:
        listening = await child.line_with('msg="Listening on"', within_s=_READY_WITHIN_S)
        found = _ADDRESS.search(listening)
        assert found is not None, listening
        yield Alertmanager(found[1])
    finally:
        await child.stop()
