"""The events of a random run: incidents, people who react or not, passing time, and faults."""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from bot.demo.process import ChildDied
from bot.storage.embedded import EmbeddedPostgres
from tests.e2e.world.world import World
from tests.faults.judge import invariants
from tests.faults.random_run import aftermath
from tests.faults.stage.stage import Stage
from tests.faults.stage.under_way import is_telling

_INSTANCES: Final = 2
_ANSWER_S: Final = 3.0
_REST_S: Final = 60.0
_LOOK_S: Final = 0.05
_AHEAD_S: Final = 0.3
#: A request of the bot to Discord has ended by then, one way or the other.
_UNDER_WAY_S: Final = 12.0
#: So long after the last decision each process has read anew what it would do without the database.
_MIRRORED_S: Final = 2.5
_MOST_JUMPS: Final = 60
_AT_IT_S: Final = 0.25
_PEOPLE: Final = ("primary", "secondary", "responder")

#: Lines for which a person has to look, but which these faults lead to.
_EXPECTED: Final = ("delivery.ping_suppressed", "jobs.silent")

_NEXT = """
SELECT extract(epoch FROM min(due_at) - now())::float AS left
  FROM escalation_steps JOIN incidents ON incidents.id = incident_id
 WHERE escalation_steps.status = 'pending' AND incidents.status = 'triggered'
"""
#: The same of what a ladder has before its last step repeats itself a second time; it would go on for ever.
_LADDERS = f"{_NEXT.rstrip()}\n   AND due_at - coalesce(starts_at, triggered_at) <= interval '9 hours'"
_BEHIND = """
SELECT extract(epoch FROM min(next_try_at) - now())::float AS left
  FROM deliveries WHERE status IN ('pending', 'sending') AND attempts > 0
"""
_OWED = """
SELECT FROM deliveries AS owed LEFT JOIN deliveries AS first ON first.key = owed.after_key
 WHERE owed.status IN ('pending', 'sending') AND owed.attempts = 0
   AND (owed.after_key IS NULL OR first.status = 'sent')
UNION ALL
SELECT FROM escalation_steps JOIN incidents ON incidents.id = incident_id
 WHERE escalation_steps.status = 'pending' AND incidents.status = 'triggered' AND due_at <= now()
UNION ALL
SELECT FROM pgqueuer WHERE status = 'picked'
"""
#: Processes that reach the database and have nothing to tell of a time without it.
_WELL = """
SELECT count(*)::integer AS well FROM mirrors WHERE told_at > statement_timestamp() - interval '1.5 seconds'
"""


@dataclass(slots=True)
class Play:
    """One run.

    Attributes:
        dice: Decides everything that is random.
        told: The title of each report, and whether somebody was told that the alert is out.
        may_break: Faults may still come.
        quiet_since: Since when nothing is under way; None: something is, or was a moment ago.
    """

    stage: Stage
    server: EmbeddedPostgres
    dice: random.Random
    say: Callable[[str], None]
    told: dict[str, bool] = field(default_factory=dict)
    faults: int = 0
    may_break: bool = True
    quiet_since: float | None = None

    @property
    def world(self) -> World:
        """What the stories have."""
        return self.stage.world

    async def run(self, rounds: int) -> list[str]:
        """Play the run, and return what does not hold at its end."""
        await asyncio.gather(*(self.world.start_bot() for _ in range(_INSTANCES)))
        for _ in range(rounds):
            if self.dice.random() < 0.5:
                await self._act()
            else:
                await self._episode()
        self.say("no more faults: every ladder to its end")
        self.may_break = False
        await self._to_the_end()
        return await self._broken()

    # -- what people do, and time
    async def _act(self) -> None:
        await self.dice.choices([self._report, self._react, self._jump], weights=[4, 3, 4])[0]()
        await self._rest()

    async def _report(self) -> None:
        asked, title = await self._ask()
        said = await self.world.human.answer(asked, wait_s=_ANSWER_S)
        if "発報しました" in said.text:
            self.told[title] = True

    async def _ask(self) -> tuple[str, str]:
        """Report something, and return the interaction and its title."""
        title, by = f"障害 {len(self.told) + 1}", self.dice.choice(_PEOPLE)
        self.told[title] = False
        self.say(f"{by} reports {title}")
        return await self.stage.start_command("sev1", by=by, title=title), title

    async def _react(self) -> None:
        posts = await self.world.posts("p0-alerts")
        by, post = self.dice.choice(_PEOPLE), self.dice.choice(posts) if posts else None
        if post is not None:
            self.say(f"{by} reacts to: {post.content[:60]}")
            await self.world.human.react(by, post, "👀")

    async def _jump(self) -> None:
        """Move the time to just before the next deadline."""
        left_s = await self._left(_NEXT)
        if left_s is not None and left_s > _AHEAD_S:
            await self._pass(left_s - _AHEAD_S)
            await asyncio.sleep(_AHEAD_S)  # the rest of it passes by itself

    async def _pass(self, seconds: float) -> None:
        """Move the time, as far as it has not passed meanwhile."""
        began = time.monotonic()
        await self._end_what_is_under_way()
        left_s = seconds - (time.monotonic() - began)
        if left_s > 0:
            self.say(f"{left_s / 60:.1f} min pass")
            await self.world.shift(minutes=left_s / 60)

    async def _end_what_is_under_way(self) -> None:
        """No request lasts for minutes, and nothing that a process does at once waits for as long.

        Moved in between, the clock would let one that is on its way reach Discord minutes after it was sent:
        when the message that another process has sent meanwhile is no longer known by its nonce. So would
        what is told without the database, by a mirror that is older than the minutes that pass.
        """
        if not self.world.running:
            return
        self.quiet_since = None
        try:
            await self.stage.until(self._is_calm, "rest", within_s=_UNDER_WAY_S)
        except AssertionError:
            self.say(f"not at rest after {_UNDER_WAY_S:g} s")  # what cannot be sent now stays under way
            await self.stage.until(self._is_nothing_told, "everything said", within_s=_REST_S)

    async def _is_calm(self) -> bool:
        """Return True after a quiet time in which a process notices that it has lost the database."""
        if not await self.is_quiet():
            self.quiet_since = None
            return False
        now = time.monotonic()
        self.quiet_since = self.quiet_since or now
        return not self.may_break or now - self.quiet_since >= _MIRRORED_S

    async def is_quiet(self) -> bool:
        """Return True if nothing is on its way to Discord, as far as anybody knows."""
        return await self.is_on_record() and self._is_nothing_told()

    async def is_on_record(self) -> bool:
        """Return True if every process reaches the database, and nothing that is due there is left."""
        [row] = await self.world.rows(_WELL)
        return row["well"] >= len(self.world.running) and await self._is_at_rest()

    def _is_nothing_told(self) -> bool:
        """Whether no process is telling of something by its journal: until it is there, no row says so."""
        return not any(is_telling(bot) for bot in self.world.running)

    # -- what goes wrong
    async def _episode(self) -> None:
        """One to three faults, and life goes on meanwhile; then everything is mended.

        With one process left, Discord that answers and a database, everything is promised all the while.
        """
        for _ in range(self.dice.randint(1, 3)):
            self.faults += 1
            await self.dice.choice(
                [
                    self._kill,
                    self._drop,
                    self._refuse,
                    self._garble,
                    self._restart_database,
                    self._take_database_away,
                ]
            )()
            if self.dice.random() < 0.6:
                await self.dice.choice([self._report, self._react, self._jump])()
        await self._mend()
        self.stage.recovers()

    async def _kill(self) -> None:
        running = self.world.running
        if running:
            victim = self.dice.choice(running)
            self.say(f"kill -9 {victim.child.pid}")
            if len(running) == 1:
                self.stage.falls_ill()
            await victim.child.kill()

    async def _drop(self) -> None:
        kind = self.dice.choice(["drop", "invalidate", "reconnect", "down"])
        self.say(f"gateway: {kind}")
        await self.world.fault(gateway=kind)

    async def _refuse(self) -> None:
        self.stage.falls_ill()
        status, times = self.dice.choice([500, 502, 503, 504]), self.dice.randint(1, 8)
        self.say(f"{status} x {times}")
        await self.world.fault(
            route="* /channels/**", status=status, times=times, probability=0.7, seed=self._seed()
        )

    async def _garble(self) -> None:
        spec = self.dice.choice(
            [{"reset": "after"}, {"reset": "before"}, {"body": "malformed"}, {"body": "truncated"}]
        )
        self.say(f"{spec}")
        self.stage.falls_ill()
        await self.world.fault(route="POST /channels/**", times=self.dice.randint(1, 4), **spec)

    async def _restart_database(self) -> None:
        self.say("PostgreSQL restarts")
        self.stage.falls_ill()
        self.server.stop()
        await asyncio.sleep(self.dice.random())
        self.server.start()

    async def _take_database_away(self) -> None:
        """For long enough that people are told without it; perhaps right after something was recorded."""
        away_s = self.dice.uniform(2.0, 8.0)
        if self.dice.random() < 0.5 and self.world.running:
            await self._ask()
            await asyncio.sleep(self.dice.uniform(0.0, 0.3))
        self.say(f"PostgreSQL is away for {away_s:.1f} s")
        self.stage.falls_ill()
        self.server.stop()
        await asyncio.sleep(away_s / 2)
        if self.dice.random() < 0.6:
            await self.dice.choice([self._ask, self._react, self._kill])()
        await asyncio.sleep(away_s / 2)
        self.server.start()

    def _seed(self) -> int:
        return self.dice.randrange(2**31)

    # -- back to order
    async def _mend(self) -> None:
        await self.world.human.clear_faults()
        while len(self.world.running) < _INSTANCES:
            with suppress(ChildDied):
                await self.world.start_bot()
        for bot in self.world.running:
            await bot.child.wait_until_ready(within_s=_REST_S)
        await self._catch_up()

    async def _catch_up(self) -> None:
        """Until nothing is behind: retries are waited for by moving the time to them."""
        for _ in range(_MOST_JUMPS):
            await self._rest()
            left_s = await self._left(_BEHIND)
            if left_s is None:
                return
            if left_s > 0:
                await self._pass(left_s)
            else:  # somebody is at it, or waits for a limit, whose time is no clock of ours
                await asyncio.sleep(_AT_IT_S)
        raise AssertionError("the bots do not catch up")

    async def _rest(self) -> None:
        """Wait until every due job has been decided and tried."""
        await self.stage.until(self._is_at_rest, "rest", within_s=_REST_S)

    async def _is_at_rest(self) -> bool:
        return not await self.world.rows(_OWED)

    async def _to_the_end(self) -> None:
        for _ in range(_MOST_JUMPS):
            await self._catch_up()
            # What was reported without the database has no ladder before it is on record.
            await self.stage.until(self.is_quiet, "everything on record", within_s=_REST_S)
            if await self._left(_LADDERS) is None:
                return
            await self._jump()
        raise AssertionError("the ladders do not end")

    async def _left(self, query: str) -> float | None:
        [row] = await self.world.rows(query)
        return None if row["left"] is None else float(row["left"])

    async def _finish(self) -> None:
        """Wait a limited time until all messages are sent; the check reports what is left."""
        with suppress(AssertionError):
            await self.stage.until(self._is_finished, "everything sent", within_s=_REST_S)

    async def _is_finished(self) -> bool:
        return not await self.world.rows(invariants.UNFINISHED)

    async def _broken(self) -> list[str]:
        self.world.expect_log(*_EXPECTED)
        await self._finish()
        return [
            *await aftermath.unaccounted(self.world, self.told),
            *await invariants.broken(self.world, self.stage.box, self.stage.excuses),
            *await invariants.lost(self.world),
            *self.world.complaints(),
        ]
