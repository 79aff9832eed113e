"""A world in which things break: the stories' world, bots that can be told where to die, a mail server."""

import asyncio
import copy
import inspect
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.demo import clock
from bot.runbook import default_policy_text
from local_discord.client import Interaction
from local_discord.world.seed import GUILD_ID
from tests.e2e.conftest import LIMITS_SPEED
from tests.e2e.world.alert import Alert
from tests.e2e.world.mailbox import Mailbox, mailbox
from tests.e2e.world.opening import open_world
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World
from tests.faults.judge import invariants
from tests.faults.judge.promise import LATE, Span
from tests.faults.judge.seen import Post, posts
from tests.faults.stage.bot_under_test import CRASH_FILE, SKIP, skip_file
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[3]
MODULE = "tests.faults.stage.bot_under_test"

_LOOK_EVERY_S = 0.02
_KILLED = -9
_AHEAD_S = 0.3

_UNANSWERED = """
SELECT id, ack_due_at
  FROM incidents
 WHERE status = 'triggered' AND priority = 'P0' AND NOT is_drill AND ack_due_at > now()
 ORDER BY ack_due_at
"""


class Stage:
    """One world for several rows; each brings incidents of its own, with a title of its own.

    Attributes:
        world: What the stories have.
        box: The mail server.
        excuses: When nothing could be escalated, by Discord's clock.
    """

    def __init__(self, world: World, box: Mailbox, crash_file: Path) -> None:
        self.world = world
        self.box = box
        self.excuses: list[Span] = []
        self._crash_file = crash_file
        self._ill_since: datetime | None = None
        self._judged = 0

    # -- dying
    def arm(self, point: str) -> None:
        """Arm *point*: the next bot that passes it dies there; see `tests.faults.stage.crashing`."""
        self._crash_file.write_text(point)
        self.falls_ill()

    def disarm(self) -> None:
        """Remove the armed point."""
        self._crash_file.unlink(missing_ok=True)

    async def died(self, *, within_s: float = PATIENCE_S) -> None:
        """Wait until the bot has killed itself at the armed point."""
        async with asyncio.timeout(within_s):
            assert await self.world.bot.child.wait() == _KILLED, self.world.bot.child.last_words()

    async def revive(self) -> None:
        """Start a bot where the last one died; from now on there is no excuse."""
        await self.world.start_bot()
        self.recovers()

    async def die_at(self, point: str, act: Callable[[], Awaitable[object]]) -> None:
        """Begin *act*, and wait until the bot has died at *point*, before it could answer."""
        self.arm(point)
        doing = asyncio.create_task(_forgiving(act))
        try:
            await self.died()
        finally:
            doing.cancel()
            await asyncio.gather(doing, return_exceptions=True)

    # -- excuses
    def falls_ill(self) -> None:
        """Begin an excuse: nothing can be promised from now on."""
        self._ill_since = self._ill_since or self.now()

    def recovers(self) -> None:
        """End the excuse: everything can be promised from now on."""
        if self._ill_since is not None:
            self.excuses.append(Span(self._ill_since, self.now()))
        self._ill_since = None

    @asynccontextmanager
    async def ill(self) -> AsyncIterator[None]:
        """Excuse broken promises within the block."""
        self.falls_ill()
        yield
        self.recovers()

    def now(self) -> datetime:
        """Discord's time, with which the database's moves."""
        return self.world.sandbox.core.clock.now()

    # -- people
    async def sev1(self, title: str) -> Alert:
        """A SEV1 by the short way, with everything that the runbook promises, at rest."""
        alert = await self.world.declare(SEV1, title=title)
        await self.world.idle()
        return alert

    async def start_command(self, name: str, *, by: str = "responder", **options: object) -> str:
        """Run a slash command and do not wait for its answer; the interaction's id."""
        body = {"user": by, "channel": "general", "name": name, "options": options}
        return str((await self.world.human._post("command", body))["interaction"])

    async def answer_now(self, interaction: str) -> Interaction:
        """What an interaction has come to so far."""
        return await self.world.human.answer(interaction, wait_s=0.0)

    # -- time
    async def reach_deadline(self, number: int, *, ahead_s: float = _AHEAD_S) -> datetime:
        """Move the time to just before the ack deadline of an incident; the deadline."""
        await self.world.idle()
        [row] = await self.world.rows(
            "SELECT ack_due_at, ack_due_at - now() AS left FROM incidents WHERE id = $1", number
        )
        await self.world.shift(minutes=(row["left"].total_seconds() - ahead_s) / 60)
        due: datetime = row["ack_due_at"]
        return due

    async def skip_until(self, moment: datetime) -> None:
        """Move the time to just before *moment* while a fault lasts, and nothing comes to rest.

        No table of the bot is needed for that. The time passes, too, for what the bots do without the
        database, which cannot tell them.
        """
        left_s = (moment - self.now()).total_seconds() - _AHEAD_S
        skip_file(self._crash_file).write_text(str(left_s))
        await self.world.human.advance_clock(left_s)
        async with self.world.database() as connection:
            await clock.move(connection, timedelta(seconds=left_s))
        for bot in self.world.running:
            bot.child.signal(SKIP)

    # -- seeing
    def posts(self) -> list[Post]:
        """Every message of the bot for others."""
        return posts(self.world.sandbox)

    def posts_in(self, place: str) -> list[Post]:
        """The same of one channel or thread."""
        return [post for post in self.posts() if post.place == place]

    def alerts(self, number: int) -> list[Post]:
        """The alert in its channel: one, if all is well."""
        return invariants.alerts_of(self.posts(), number)

    def escalations(self, number: int) -> list[Post]:
        """Return the escalations of the incident in its channel."""
        return invariants.escalations_of(self.posts(), number)

    def pages(self, number: int, person: str) -> list[Post]:
        """The DMs to *person*."""
        return invariants.pages_of(self.posts(), number, person)

    async def numbers(self, title: str) -> list[int]:
        """The incidents with that title in the database."""
        rows = await self.world.rows("SELECT id FROM incidents WHERE title = $1 ORDER BY id", title)
        return [row["id"] for row in rows]

    async def number(self, title: str, *, within_s: float = PATIENCE_S) -> int:
        """The number of the one incident with that title, waited for."""
        found = await self.until(lambda: self.numbers(title), f"the incident {title!r}", within_s=within_s)
        assert len(found) == 1, found
        return int(found[0])

    async def escalated(self, number: int, *, count: int = 1, within_s: float = PATIENCE_S) -> list[Post]:
        """The first *count* escalations of an incident, waited for."""

        def look() -> list[Post]:
            found = self.escalations(number)
            return found if len(found) >= count else []

        return list(await self.until(look, f"{count} escalations of INC-{number}", within_s=within_s))

    async def acknowledged(self, number: int, *, within_s: float = PATIENCE_S) -> dict[str, Any]:
        """Wait until the incident is acknowledged, and return its row."""

        async def look() -> dict[str, Any]:
            [row] = await self.world.rows("SELECT * FROM incidents WHERE id = $1", number)
            return dict(row) if row["status"] == "acknowledged" else {}

        return dict(await self.until(look, f"INC-{number} acknowledged", within_s=within_s))

    async def until(
        self,
        look: Callable[[], Any],
        what: str,
        *,
        within_s: float = PATIENCE_S,
        every_s: float = _LOOK_EVERY_S,
    ) -> Any:
        """Wait until *look*, which may have to be awaited, finds something."""
        deadline = time.monotonic() + within_s
        while not (found := await _looked(look)):
            assert time.monotonic() < deadline, f"not within {within_s:g} s: {what}"
            await asyncio.sleep(every_s)
        return found

    async def logged(self, event: str, *, within_s: float = PATIENCE_S) -> dict[str, Any]:
        """A line of that event in the log of the bot that was started last, waited for."""

        def look() -> dict[str, Any]:
            return next((entry for entry in self.world.bot.entries() if entry["event"] == event), {})

        return dict(await self.until(look, f"{event} in the log", within_s=within_s))

    async def mirrored(self, title: str, *, is_tried: bool = False) -> None:
        """Wait until the bot's file says what it would ring for about *title*, by the time that it is now.

        Args:
            is_tried: Its alert is owed, and was sent without an answer; otherwise nothing is owed any more.
        """
        file = self.world.folder / "data" / f"emergency-{GUILD_ID}.json"

        def look() -> bool:
            kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"watches": []}
            owed = [watch["owed"] for watch in kept["watches"] if watch["title"] == title]
            if not owed or abs(kept["ahead_s"] - (self.now() - datetime.now(UTC)).total_seconds()) > 1.0:
                return False
            return any(each["attempt"] for each in owed[0]) if is_tried else not owed[0]

        await self.until(look, f"{title} in the bot's file")

    # -- the end of a row
    async def finish(self) -> None:
        """Check what has happened so far, after all deadlines have passed.

        If no bot is running any more, what it left open is checked as it is.
        """
        await self._mend()
        if self.world.running:
            await self._pass_deadlines()
            await self.world.idle()
        await self._check()

    async def clear(self) -> None:
        """No open incident is left, and what was closed is not judged once more."""
        for row in await self.world.rows(
            "SELECT id FROM incidents WHERE status IN ('triggered', 'acknowledged')"
        ):
            await self.world.command("incident cancel", by="admin", number=row["id"])
        await self.world.idle()
        [row] = await self.world.rows("SELECT coalesce(max(id), 0) AS last FROM incidents")
        self._judged = row["last"]

    async def _check(self) -> None:
        """Check that the promise holds and that no bot logged an unexpected problem."""
        broken = await invariants.broken(self.world, self.box, self.excuses, after=self._judged)
        found = broken + self.world.complaints()
        assert not found, "\n".join(found)

    async def _mend(self) -> None:
        """No fault is in force, and bots that run are well."""
        self.disarm()
        await self.world.human.clear_faults()
        self.recovers()
        if self.world.running:
            await self.world.human.wait_for_session(within_s=60)
            await self.world.idle()

    async def _pass_deadlines(self) -> None:
        """Move past the deadline of each unacknowledged P0, and wait as long as its escalation may take."""
        for row in await self.world.rows(_UNANSWERED):
            number, due = row["id"], row["ack_due_at"]
            if due > self.now():
                await self.world.idle()
            left_s = (due - self.now()).total_seconds() - _AHEAD_S
            if left_s > 0:
                await self.world.shift(minutes=left_s / 60)
            with suppress(AssertionError):  # the check says it, with the times
                await self.escalated(number, within_s=(due + LATE - self.now()).total_seconds() + _AHEAD_S)


@asynccontextmanager
async def open_stage_on(
    database: str,
    *,
    commands: Mapping[str, Any],
    folder: Path,
    limits_speed: float = LIMITS_SPEED,
    **env: str,
) -> AsyncIterator[Stage]:
    """A stage on a migrated *database*, with the bot's *commands* registered and no bot yet.

    Args:
        folder: Where the bots work.
        limits_speed: How many times faster than Discord's the windows of its rate limits pass.
        env: Further settings of the bots.
    """
    crash_file = folder / "crash"
    async with mailbox() as box:
        settings: dict[str, Any] = {
            "PYTHONPATH": str(ROOT),
            CRASH_FILE: str(crash_file),
            "SMTP_URL": box.url,
            "RUNBOOK_FILE": _without_watch(folder),
            **env,
        }
        known = copy.deepcopy(dict(commands))
        async with open_world(
            database, commands=known, folder=folder, module=MODULE, limits_speed=limits_speed, **settings
        ) as world:
            box.now = world.sandbox.core.clock.now
            yield Stage(world, box, crash_file)


def _without_watch(folder: Path) -> str:
    """Write Parky's policy without the announcement of failures in the DLQ; the file's path.

    A row breaks a certain post, or counts those of a channel, and most rows leave failures behind.
    """
    path = folder / "without-watch.toml"
    path.write_text(default_policy_text().replace("\nwatch = true", "\nwatch = false"), encoding="utf-8")
    return str(path)


async def _looked(look: Callable[[], Any]) -> Any:
    found = look()
    return await found if inspect.isawaitable(found) else found


async def _forgiving(act: Callable[[], Awaitable[object]]) -> None:
    try:
        await act()
    except (AssertionError, LookupError):
        return  # the bot did not live to do what was asked for
