"""Row 82: every system outside takes what it is asked and never answers, all at once."""

import asyncio
import time
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio

from tests.e2e.world.severities import SEV1
from tests.faults.conftest import Figure, OpenStage
from tests.faults.stage.stage import Stage
from tests.integration.outbound.upstream import Upstream, says, upstream
from tests.standins.github.server import TOKEN
from tests.standins.paging.policy import policy_with_pages
from tests.standins.paging.server import WEBHOOK_SECRET

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("faults-all-away"),
    pytest.mark.quiet,
    pytest.mark.slow,
]

#: How much longer something may take than while every system refuses at once, seconds: less than any timeout.
_LONGER_S: Final = 2.0

#: Those that the story asks: PagerDuty, the webhook, two pushes, GitHub, Cloudflare, Sentry, the page of
#: Discord's status, the other database, the heartbeat, and a target.
_SYSTEMS: Final = 11

_PROBES: Final = 20
_POLICY: Final = """
[checks.http."api.parky.co.jp"]
url = "http://127.0.0.1:{well}/health"
private = true

[checks.http."admin.parky.co.jp"]
url = "http://127.0.0.2:{away}/health"
private = true

[checks.github]
repositories = ["parky/app"]

[checks.cloudflare]
workers = ["parky-admin"]
pages = ["lp"]

[checks.sentry]
organization = "parky"
"""
_PROBE: Final = """
[probes.probe-{number}]
url = "http://127.0.1.{number}:{away}/"
severity = "SEV3"
every = "20s"
private = true
"""


class Away:
    """A port, on every address of this machine, where what is asked waits for ever.

    Attributes:
        refuses: It closes each connection at once instead.
        asked: How many connections waited, by the address that they came to.
    """

    def __init__(self) -> None:
        self.refuses = False
        self.asked: dict[str, int] = {}
        self.port = 0
        self._open: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self._open.add(writer)
        if not self.refuses:
            here = writer.get_extra_info("sockname")[0]
            self.asked[here] = self.asked.get(here, 0) + 1
            await reader.read()  # until the bot gives up
        self._open.discard(writer)
        writer.close()

    def end(self) -> None:
        """Close what still waits."""
        for writer in list(self._open):
            writer.transport.abort()

    @property
    def environment(self) -> dict[str, str]:
        """The settings that lead here: each system has an address, and so a breaker, of its own."""
        here = (f"127.0.0.{number}:{self.port}" for number in count(3))
        pagerduty, webhook = next(here), next(here)
        return {
            "NTFY_URL": f"http://{next(here)}",
            "PUSHOVER_API_URL": f"http://{next(here)}",
            "PUSHOVER_TOKEN": "a" * 30,
            "PAGERDUTY_EVENTS_URL": f"http://{pagerduty}",
            "PAGERDUTY_API_URL": f"http://{pagerduty}",
            "PAGERDUTY_ROUTING_KEY": "a" * 32,
            "PAGERDUTY_TOKEN": "a" * 40,
            "PAGE_WEBHOOK_URL": f"http://{webhook}/hook",
            "PAGE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "GITHUB_API_URL": f"http://{next(here)}",
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_REPOSITORY": "parky/app",
            "CLOUDFLARE_API_URL": f"http://{next(here)}",
            "CLOUDFLARE_TOKEN": "a" * 40,
            "CLOUDFLARE_ACCOUNT_ID": "a" * 32,
            "SENTRY_URL": f"http://{next(here)}",
            "SENTRY_TOKEN": "a" * 40,
            "DISCORD_STATUS_URL": f"http://{next(here)}",
            "HEARTBEAT_URL": f"http://{next(here)}/heartbeat",
            "CHECKS_DATABASE_URL": f"postgresql://u:p@{next(here)}/x",
            "SMTP_URL": f"smtp://{next(here)}?from=bot@example.com",
            "OUTBOUND_PRIVATE_HOSTS": "127.0.0.0/8",
        }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def away() -> AsyncIterator[Away]:
    """Every system."""
    made = Away()
    server = await asyncio.start_server(made.serve, "0.0.0.0", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()
    made.end()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def well() -> AsyncIterator[Upstream]:
    """The one target that answers."""
    async with upstream(says(200, b'{"ok": true}')) as there:
        yield there


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(
    open_stage: OpenStage, away: Away, well: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """The module's stage, whose bot has every integration."""
    policy = _policy(tmp_path_factory.mktemp("policy"), well=well.port, away=away.port)
    async with open_stage(**{**away.environment, "RUNBOOK_FILE": policy}) as stage:
        await stage.world.start_bot()
        yield stage
        await stage.world.stop_bot()


def _policy(folder: Path, *, well: int, away: int) -> str:
    """Write Parky's policy with all ways, all checks and many probes; the file's path."""
    path = Path(policy_with_pages(folder))
    text = path.read_text(encoding="utf-8").replace('"pagerduty"]', '"pagerduty", "webhook"]')
    probes = "".join(_PROBE.format(number=number, away=away) for number in range(1, _PROBES + 1))
    path.write_text(text + _POLICY.format(well=well, away=away) + probes, encoding="utf-8")
    return str(path)


async def _story(stage: Stage, title: str) -> dict[str, float]:
    """An alert, the check of what is well, the escalation, the ack: how long each took, seconds."""
    world, began = stage.world, time.monotonic()
    alert = await world.declare(SEV1, title=title)
    took = {"alert": time.monotonic() - began}
    checks = await world.expect_message(alert.thread, contains="システムの状態")
    await world.expect_text(checks, "api.parky.co.jp")
    took["check"] = time.monotonic() - began
    due = await stage.reach_deadline(alert.number)
    [rung] = await stage.escalated(alert.number)
    took["escalation"] = (rung.at - due).total_seconds()
    began = time.monotonic()
    await world.human.react("primary", await world.reread(alert.post), "👀")
    await stage.acknowledged(alert.number)
    took["ack"] = time.monotonic() - began
    return took


async def test_row_82_every_system_outside_hangs(stage: Stage, away: Away, figure: Figure) -> None:
    """Outside systems that never answer delay no alert, other check, escalation or acknowledge."""
    hanging = await _story(stage, "行82 何も答えない")
    systems = sum(not here.startswith("127.0.1.") for here in away.asked)
    away.refuses = True
    away.end()
    refusing = await _story(stage, "行82 すぐ断る")
    late = {what: took - refusing[what] for what, took in hanging.items()}
    assert max(late.values()) < _LONGER_S, (hanging, refusing)
    assert systems >= _SYSTEMS, away.asked
    shown = ", ".join(f"{what} {took:.1f} ({refusing[what]:.1f})" for what, took in hanging.items())
    figure(f"{systems} hang: {shown} s")
