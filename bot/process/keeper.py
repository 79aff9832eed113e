"""Holds the leases of this process's shards, and a gateway session for each, and watches the sessions.

Every process is ready to serve, and holds none, one, or all of the shards. It renews its leases every second,
and takes free shards (`bot.domain.shards.to_take`). A lost lease ends its session at once.

A deaf session acknowledges heartbeats but sends no events. Commands and clicks do not reach the bot on it,
and nothing else would ever end it. The bot starts a new session and reports the trouble.
"""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Final

import structlog
from discord.gateway import DiscordWebSocket

from bot.client import IncidentBot
from bot.domain.errors import StorageUnavailable
from bot.domain.shards import (
    LEASE_S,
    RENEW_S,
    Claim,
    Fleet,
    IdentifyBudget,
    Instance,
    LeaseLost,
    Shard,
    shards_of,
    to_take,
)
from bot.process.gateway import GatewaySession, GuardedSocket, HeldLease, answer_last_when_in_doubt
from bot.process.starting import advised
from bot.services.shared.fencing import boot_s
from bot.storage.database.leases import Leases
from bot.ui.discord_api.circuit import Circuit

log = structlog.get_logger(__name__)

#: How often a standby looks for free shards, so that it takes over at once after a clean stop.
LOOK_S: Final = 0.25

#: How long a process that has never heard the database waits for it before it listens without a lease. By
#: then a running process has renewed its own, and answers before this one.
ALONE_S: Final = 5.0

#: IDENTIFYs of the day that such a process leaves to others.
_LEFT_TO_OTHERS: Final = 100

#: IDENTIFYs of a shard that it begins without a pause.
_FEW_ALONE: Final = 5

_LONGEST_WAIT_S: Final = 60.0
_TOLD_EVERY_S: Final = 600.0

#: After this long without an event, the bot requests something on the session.
_ASKED_AFTER_S: Final = 60.0

#: Heartbeats go out every 41 s.
_ACKNOWLEDGED_S: Final = 60.0

#: Each new session costs one of the day's thousand IDENTIFYs.
_ANEW_AT_MOST_EVERY_S: Final = 300.0

#: A session that is deaf again so soon after a new one shows that a new session does not help.
_AGAIN_S: Final = 1_800.0

#: How long the process then counts as not ready. While it lasts, it is found again every two minutes.
_TROUBLE_S: Final = 300.0


class ShardKeeper:
    """Takes, renews and gives back the shards of this process.

    Args:
        me: This process, as the others see it; `run` sets its `shard_count`.
        shards: The number of shards of the gateway; None: as Discord advises.
        budget: The limit of new sessions, until Discord itself is asked.
        share: Called with the number of processes that share the token's requests.
    """

    def __init__(
        self,
        client: IncidentBot,
        leases: Leases,
        me: Instance,
        *,
        shards: int | None = 1,
        budget: IdentifyBudget | None = None,
        share: Callable[[int], None] = lambda _instances: None,
    ) -> None:
        self._client = client
        self._leases = leases
        self._me = me
        self._shards = shards
        self._budget = budget or IdentifyBudget()
        self._share = share
        self._held: dict[Shard, HeldLease] = {}
        self._sessions: dict[Shard, asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()
        self._turn = asyncio.Lock()
        self._asking = asyncio.Lock()
        self._asked_s = boot_s()
        self._fleet: Fleet | None = None
        self._told_s: dict[str, float] = {}
        self._began_s = boot_s()
        self._may_listen_alone = True
        self._alone = 0  # IDENTIFYs without a lease

    @property
    def held(self) -> list[Shard]:
        """Return the shards whose leases this process holds."""
        return sorted(self._held)

    @property
    def leads(self) -> bool:
        """Return True if this process is the leader: it holds a valid lease of the first shard."""
        first = next((one for shard, one in self._held.items() if shard.id == 0), None)
        return first is not None and boot_s() < first.until_s

    @property
    def is_connected(self) -> bool:
        """Return True if events arrive on every shard that this process holds."""
        return all(shard.id in self._client.listening for shard in self._held)

    def trouble(self) -> str | None:
        """Return in one line why events may be missed; None if every shard has a listener."""
        if self._fleet is None or not self.is_connected:
            return "not connected"
        leases = {lease.shard: lease for lease in self._fleet.leases}
        for shard in shards_of(self._me.shard_count):
            lease = leases.get(shard)
            if shard not in self._held and (lease is None or lease.is_late):
                return f"nobody listens to shard {shard.id} of {shard.count}"
        return None

    async def run(self) -> None:
        """Take, hold and renew until `stop`.

        Raises:
            ConfigError: Discord refuses the token, the intents or the number of shards.
        """
        await self._prepare()
        while not self._stopping.is_set():
            async with self._turn:
                await self._step()
            await self._pause()

    async def _prepare(self) -> None:
        answer_last_when_in_doubt(self._client)
        advice = await advised(self._client, insist=self._shards is None)
        count = self._shards or advice.shards
        self._me = replace(self._me, shard_count=count)
        # As `AutoShardedClient.launch_shards` does.
        self._client._connection.shard_count = self._client.shard_count = count  # noqa: SLF001
        self._budget = replace(self._budget, total=advice.total, concurrency=advice.concurrency)
        self._may_listen_alone = advice.remaining is None or advice.remaining > _LEFT_TO_OTHERS
        self._began_s = boot_s()
        if advice.remaining is not None:
            with suppress(StorageUnavailable):
                so_far = await self._leases.identifies(Shard(0, count), concurrency=advice.concurrency)
                elsewhere = max(advice.total - advice.remaining - so_far.used, 0)
                self._budget = replace(self._budget, elsewhere=elsewhere)

    async def _step(self) -> None:
        if self._stopping.is_set():
            return
        if self._fleet is None:
            try:
                await self._leases.seed(self._me.shard_count)
            except StorageUnavailable:
                self._listen_alone()
                return
            await self._listen_alone_no_more()
        if boot_s() - self._asked_s >= RENEW_S or self._fleet is None:
            await self._renew()
        if len(self._held) < self._me.shard_count:
            await self._take_free_shards()

    def _listen_alone(self) -> None:
        """Listen to every shard without a lease, once the database has been away for long.

        Another process may do the same, or have the leases: then Discord lets one of them answer a command,
        and merges what they post without the database. Nothing else is done for all without a lease.
        """
        if self._sessions or not self._may_listen_alone or boot_s() - self._began_s < ALONE_S:
            return
        log.warning("gateway.unowned", shards=self._me.shard_count)
        for shard in shards_of(self._me.shard_count):
            lease = HeldLease(Claim(shard, self._me.id, 0), self._renew, 0.0, is_unowned=True)
            session = GatewaySession(self._client, lease, may_identify=self._in_turn)
            self._sessions[shard] = asyncio.create_task(session.run(), name=f"unowned shard {shard.id}")

    async def _in_turn(self, lease: HeldLease) -> None:
        """Wait until the shard's IDENTIFY is within what Discord allows one process."""
        self._alone += 1
        is_many = self._alone > _FEW_ALONE * self._me.shard_count
        in_turn_s = lease.claim.shard.id // self._budget.concurrency * self._budget.window_s
        await asyncio.sleep(_LONGEST_WAIT_S if is_many else in_turn_s)

    async def _listen_alone_no_more(self) -> None:
        """End the sessions without a lease: the database is there, and says who may listen."""
        for task in self._sessions.values():
            task.cancel()
        await asyncio.gather(*self._sessions.values(), return_exceptions=True)
        self._sessions.clear()

    async def stop(self) -> None:
        """Stop listening, let running answers finish, and release the shards for other processes."""
        self._stopping.set()
        async with self._turn:  # what is being taken at this moment is given back, too
            for task in self._sessions.values():
                task.cancel()
        await asyncio.gather(*self._sessions.values(), return_exceptions=True)
        await self._client.answered()
        claims = [lease.claim for lease in self._held.values()]
        self._held.clear()
        self._sessions.clear()
        try:
            await self._leases.release(self._me, claims)
        except StorageUnavailable:
            log.warning("shards.not_released", wait_s=LEASE_S)
        else:
            log.info("shards.released", shards=[claim.shard.id for claim in claims])

    async def _renew(self) -> None:
        """Renew all leases, one renewal at a time; callers that come meanwhile wait for the next."""
        async with self._asking:
            asked_s = boot_s()
            has_slept = asked_s - self._asked_s > LEASE_S
            self._asked_s = asked_s
            held = list(self._held.values())
            try:
                ours = await self._leases.beat(self._me, [one.claim for one in held])
                fleet = await self._count()
            except StorageUnavailable:
                for lease in held:
                    lease.unanswered(has_slept=has_slept)
                return
            has_company = any(one.id != self._me.id for one in fleet.instances)
            for lease in held:
                lease.has_company = has_company
                if lease.claim in ours:
                    lease.renewed(asked_s=asked_s)
                else:
                    self._lose(lease)

    async def _count(self) -> Fleet:
        """Read the running processes and their leases from the database."""
        self._fleet = fleet = await self._leases.fleet()
        self._share(max(len(fleet.instances), 1))
        return fleet

    def _lose(self, lease: HeldLease) -> None:
        lease.is_lost = True
        shard = lease.claim.shard
        if self._held.get(shard) is not lease:
            return
        del self._held[shard]
        log.warning("shard.lost", shard=shard.id, token=lease.claim.token)
        if task := self._sessions.get(shard):
            task.cancel()

    async def _take_free_shards(self) -> None:
        """Take the free shards that are due to this process."""
        try:
            fleet = await self._count()
            if not to_take(fleet, self._me):
                others = fleet.of_another_count(self._me.shard_count)
                if others and self._may_tell("count"):
                    theirs = others[0].shard.count
                    log.warning("shards.count_differs", ours=self._me.shard_count, theirs=theirs)
                return
            asked_s = boot_s()
            taken = await self._leases.take(self._me, self._choose)
        except StorageUnavailable:
            return
        for claim in taken:
            self._begin(claim, asked_s=asked_s)

    def _choose(self, fleet: Fleet) -> Sequence[Shard]:
        # A shard whose last session of ours has not ended yet waits for the next look.
        return [shard for shard in to_take(fleet, self._me) if shard not in self._sessions]

    def _begin(self, claim: Claim, *, asked_s: float) -> None:
        log.info("shard.taken", shard=claim.shard.id, shards=claim.shard.count, token=claim.token)
        lease = HeldLease(
            claim, self._renew, asked_s, heard=lambda: self._client.expected_events.heard(claim.shard.id)
        )
        lease.renewed(asked_s=asked_s)
        self._held[claim.shard] = lease
        session = GatewaySession(self._client, lease, may_identify=self._may_identify)
        self._sessions[claim.shard] = asyncio.create_task(session.run(), name=f"shard {claim.shard.id}")

    async def _pause(self) -> None:
        """Wait until there is something to do, or a session has ended."""
        is_complete = len(self._held) == self._me.shard_count
        wait_s = self._asked_s + RENEW_S - boot_s() if is_complete else LOOK_S
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait(
                {stopping, *self._sessions.values()},
                timeout=max(wait_s, 0.0),
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            stopping.cancel()
        if not self._stopping.is_set():
            self._bury()

    def _bury(self) -> None:
        """Remove sessions that have ended: their lease was lost, or Discord refuses the bot."""
        for shard, task in list(self._sessions.items()):
            if not task.done():
                continue
            del self._sessions[shard]
            lease = self._held.get(shard)
            try:
                task.result()
            except asyncio.CancelledError:
                continue
            except LeaseLost:
                if lease is not None:
                    self._lose(lease)

    async def _may_identify(self, lease: HeldLease) -> None:
        """Wait until an IDENTIFY is within the budget, and count it.

        Raises:
            StorageUnavailable: the database cannot say.
        """
        shard, concurrency = lease.claim.shard, self._budget.concurrency
        while True:
            so_far = await self._leases.identifies(shard, concurrency=concurrency)
            wait_s = self._budget.wait_s(so_far)
            if self._budget.is_low(so_far) and self._may_tell("identify"):
                left = self._budget.left(so_far)
                log.error("gateway.identify_budget_low", left=left, wait_s=round(wait_s))
            if wait_s <= 0:
                return await self._leases.identified(lease.claim)
            await asyncio.sleep(min(wait_s, _LONGEST_WAIT_S))

    def _may_tell(self, what: str) -> bool:
        """Return True at most once every ten minutes for each *what*, to limit log lines."""
        now_s = boot_s()
        if now_s - self._told_s.get(what, float("-inf")) < _TOLD_EVERY_S:
            return False
        self._told_s[what] = now_s
        return True


@dataclass(slots=True)
class AwayWatch:
    """Logs that the gateway is away, and that it is back: discord.py reconnects in silence.

    Attributes:
        circuit: Learns that the gateway is silent: then fewer failures of REST are an outage.
        patience_s: How long a reconnection may take before it is logged.
    """

    keeper: ShardKeeper
    circuit: Circuit
    patience_s: float = 20.0
    _away_since: float | None = field(default=None, init=False)
    _told: bool = field(default=False, init=False)

    async def look(self) -> None:
        """Check once. Meanwhile the bot reads acknowledgements by REST, and the ladder goes on."""
        if self.keeper.is_connected:
            if self._told:
                log.info("gateway.back")
            self._away_since, self._told = None, False
            self.circuit.silence = False
            return
        now = time.monotonic()
        self._away_since = self._away_since or now
        away_s = now - self._away_since
        if away_s >= self.patience_s:
            self._told = self.circuit.silence = True
            log.warning("gateway.away", away_s=round(away_s))


@dataclass(slots=True)
class DeafWatch:
    """Compares the events that each session should deliver with those that arrive.

    A session should deliver an event for each message that this process posts where the shard listens. After
    a minute without events, it should also answer "who is this member", which goes over the same session.
    Source: Discord's docs, Gateway Events > Request Guild Members; by ids it needs no intent.

    Attributes:
        patience_s: How long an expected event may be missing.
        clock: Seconds that only grow.
    """

    client: IncidentBot
    patience_s: float = 60.0
    clock: Callable[[], float] = time.monotonic
    _anew_s: dict[int, float] = field(default_factory=dict, init=False)
    _still_s: dict[int, float] = field(default_factory=dict, init=False)
    _turn: "count[int]" = field(default_factory=count, init=False)

    @property
    def trouble(self) -> str | None:
        """Return, in one line, that a new session has also received no events; None if all do."""
        now = self.clock()
        deaf = [shard for shard, at in self._still_s.items() if now - at < _TROUBLE_S]
        return f"acknowledges heartbeats but sends no events on shard {min(deaf)}" if deaf else None

    async def look(self) -> None:
        """Look for sessions that have gone silent: ask them, and replace the deaf ones."""
        events = self.client.expected_events
        for shard in tuple(self.client.listening):
            if events.missing_for_s(shard) >= self.patience_s:
                if _is_acknowledged(self.client.links.get(shard)):
                    self._begin_anew(shard)
            elif events.silent_for_s(shard) >= _ASKED_AFTER_S and not events.missing_for_s(shard):
                await self._ask(shard)

    def _begin_anew(self, shard: int) -> None:
        events, now = self.client.expected_events, self.clock()
        silent, since_s = events.silent_for_s(shard), now - self._anew_s.get(shard, -math.inf)
        silent_s = round(silent) if math.isfinite(silent) else None  # nothing was ever heard on it
        events.stop_expecting(shard)
        if since_s < _AGAIN_S:
            self._still_s[shard] = now
            log.error("gateway.still_deaf", shard=shard, silent_s=silent_s)
        else:
            log.warning("gateway.deaf", shard=shard, silent_s=silent_s)
        link = self.client.links.get(shard)
        if isinstance(link, GuardedSocket) and since_s >= _ANEW_AT_MOST_EVERY_S:
            self._anew_s[shard] = now
            events.forget(shard)
            self.client.spawn(link.give_up(), name="a deaf session")

    async def _ask(self, shard: int) -> None:
        """Ask for the bot's own member in one of the shard's servers, each in its turn."""
        guilds = [guild for guild in self.client.guilds if guild.shard_id == shard]
        link, user = self.client.links.get(shard), self.client.user
        began_s = self.client.expected_events.clock()
        if not guilds or link is None or user is None:
            return
        guild = guilds[next(self._turn) % len(guilds)]
        with suppress(OSError, RuntimeError):  # the connection is just being closed
            await link.request_chunks(guild.id, user_ids=[user.id], limit=1)
            self.client.expected_events.expect(shard, began_s=began_s)


def _is_acknowledged(link: DiscordWebSocket | None) -> bool:
    """Return True if heartbeats are answered. If not, discord.py reconnects and resumes the session."""
    alive = None if link is None else link._keep_alive  # noqa: SLF001 -- the version is pinned
    return alive is None or time.perf_counter() - alive._last_ack < _ACKNOWLEDGED_S  # noqa: SLF001
