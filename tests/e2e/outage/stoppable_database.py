"""A world whose PostgreSQL can be stopped, and steps that several stories share."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from bot.storage.embedded import EmbeddedPostgres
from local_discord.world.seed import GUILD_ID
from tests.e2e.conftest import MakeWorld
from tests.e2e.world.alert import Alert
from tests.e2e.world.mailbox import Mailbox, mailbox
from tests.e2e.world.severities import SEV1
from tests.e2e.world.waiting_bot import PASSES_S
from tests.e2e.world.world import World
from tests.patience import PATIENCE_S
from tests.postgres import copy_database, server_of_its_own, shift_clock

TITLE = "決済 API が 5xx"

_LEFT_S = PASSES_S / 2
_COUNTS_AS_AWAY_S = 4.5  # `beat` in bot/storage/database/vitals.sql
_STEPS = 5  # of a SEV1's ladder


@dataclass(frozen=True, slots=True)
class Stage:
    """A world whose database can be stopped.

    Attributes:
        passed: What has passed for Discord and the bots, and not for the database, seconds.
    """

    world: World
    server: EmbeddedPostgres
    box: Mailbox
    spool: Path
    passed: list[int] = field(default_factory=list)

    async def until_mirrored(self, *, steps: int, ahead_s: float = 0.0) -> None:
        """Wait until the bot's file has this many steps, and the clock's present offset."""

        async def look() -> bool | None:
            try:
                kept = json.loads(await asyncio.to_thread(self.spool.read_text))
            except FileNotFoundError:
                return None
            known = sum(len(watch["rungs"]) for watch in kept["watches"])
            return True if known == steps and kept["ahead_s"] >= ahead_s else None

        await self.world.human.until(look, f"{steps} mirrored steps")

    async def pass_the_deadline(self) -> None:
        """Let time pass for Discord and the bots while the database is away; `back` tells the database."""
        self.passed.append(PASSES_S)
        await self.world.human.advance_clock(PASSES_S)
        for bot in self.world.running:
            bot.child.signal(signal.SIGRTMIN)

    async def until_it_counts_as_away(self) -> None:
        """Sleep until the outage is long enough for the database's own record of it."""
        await asyncio.sleep(_COUNTS_AS_AWAY_S)

    async def back(self) -> None:
        """Start the database again, its time with it, and wait until the bot has recorded everything."""
        for bot in self.world.running:
            bot.child.signal(signal.SIGSTOP)  # it sees nothing of the database before its time has passed
        await self.start_server()
        for bot in self.world.running:
            bot.child.signal(signal.SIGCONT)
        await self.world.bot.child.wait_until_ready(within_s=PATIENCE_S)
        await self.world.human.until(self.is_recorded, "everything taken in")
        await self.world.idle()

    async def start_server(self) -> None:
        """Start the database again, and let its time follow."""
        self.server.start()
        while self.passed:
            await shift_clock(self.world.database_url, timedelta(seconds=self.passed.pop()))

    async def is_recorded(self) -> bool | None:
        """Return True if the file holds nothing that the database must record, else None."""
        kept = json.loads(await asyncio.to_thread(self.spool.read_text))
        return None if kept["posted"] or kept["taken"] or kept["reports"] else True


@asynccontextmanager
async def staged(make_world: MakeWorld, folder: Path, data: Path, **env: str) -> AsyncIterator[Stage]:
    """Open a stage with its own PostgreSQL, a mail server, and a ready bot.

    A deadline that comes while the database is away is not waited for: `Stage.pass_the_deadline`.

    Args:
        folder: The bots' own.
        data: The prepared folder that PostgreSQL runs on a copy of.
        env: More settings of the bot.
    """
    with server_of_its_own(data) as server:
        database = await copy_database(server, "story")
        async with (
            mailbox() as box,
            make_world(
                database=database, module="tests.e2e.world.waiting_bot", SMTP_URL=box.url, **env
            ) as world,
        ):
            await world.start_bot()
            yield Stage(world, server, box, folder / "data" / f"emergency-{GUILD_ID}.json")


async def near_the_deadline(
    stage: Stage,
    *,
    at_first: Callable[[Alert], Awaitable[object]] | None = None,
    at_last: Callable[[Alert], Awaitable[object]] | None = None,
) -> str:
    """An unacknowledged SEV1, seconds before its deadline, with the database gone; its label.

    Args:
        at_first: What happens right after it was opened.
        at_last: What happens right before the database is gone.
    """
    alert = await stage.world.triage(SEV1, title=TITLE)
    if at_first is not None:
        await at_first(alert)
    await stage.world.settle()
    [row] = await stage.world.rows(
        "SELECT extract(epoch FROM min(ack_due_at) - now()) AS left, count(*) AS open FROM incidents"
    )
    left_s = float(row["left"]) - _LEFT_S
    await stage.world.shift(minutes=left_s / 60)
    await stage.world.idle()
    await stage.until_mirrored(steps=_STEPS * row["open"], ahead_s=left_s - 1)
    if at_last is not None:
        await at_last(alert)
    stage.server.stop()
    return alert.label


async def everybody_is_told(stage: Stage) -> None:
    """Expect a DM and an email for both people on call."""
    for who in ("primary", "secondary"):
        await stage.world.expect_dm(who, contains=TITLE)
    await stage.world.human.until(lambda: mails(stage, 2), "both mails")


async def mails(stage: Stage, count: int) -> bool | None:
    """Return True once this many emails have been sent."""
    return True if len(stage.box.mails) >= count else None
