"""One shard's session at Discord's gateway, for as long as its lease holds.

discord.py's own loops (`Client.connect`, `AutoShardedClient.connect`) hold all their shards or none. This is
the same loop for one, so that shards come and go while the process runs, with two things added: each frame
asks the lease first, and no pause grows beyond half a minute. It uses internals of discord.py; the version is
pinned.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import discord
import structlog
from discord.gateway import DiscordWebSocket, ReconnectWebSocket

from bot.client import IncidentBot
from bot.domain.errors import ConfigError, StorageUnavailable
from bot.domain.shards import CLAIM, LEASE_S, RENEW_S, Claim, LeaseLost
from bot.process.starting import LOGIN_REFUSED
from bot.services.shared.fencing import boot_s

log = structlog.get_logger(__name__)

#: This machine's clock and the database's may differ in speed; both are far better than this.
_DRIFT_S: Final = 0.1

#: A failed renewal is followed by the next one within this time, or we have been stopped.
_EXCUSED_S: Final = 2 * RENEW_S


@dataclass(slots=True)
class HeldLease:
    """The lease of a shard that this process holds. (`bot.domain.shards.Lease` is what the database knows.)

    Attributes:
        claim: The proof of ownership that the database knows.
        ask: Renews all leases now and passes the result to each held lease.
        until_s: Until when no other process can have the shard, on the boot clock.
        is_lost: Another process has the shard.
        heard: Called for each event that came.
        has_company: Other processes were running when the database last answered.
        is_unowned: The database was never heard: no process can have the shard, or another one has it.
    """

    claim: Claim
    ask: Callable[[], Awaitable[None]]
    until_s: float
    is_lost: bool = False
    has_company: bool = False
    is_unowned: bool = False
    heard: Callable[[], None] = lambda: None
    _excused_s: float = field(default=0.0, init=False)

    def renewed(self, *, asked_s: float) -> None:
        """Extend the lease by its full length, counted from before the database was asked."""
        self.until_s = asked_s + LEASE_S - _DRIFT_S

    def unanswered(self, *, has_slept: bool) -> None:
        """Record that the database did not answer.

        Args:
            has_slept: This process was suspended for longer than a lease; then the failure is not excused.
        """
        self._excused_s = 0.0 if has_slept else boot_s() + _EXCUSED_S

    @property
    def is_doubtful(self) -> bool:
        """Return True if the database has been away for longer than the lease, or was never there.

        If it is away for all processes, none can take the shard over, and a person who types a command
        deserves an answer. If it is away for this process alone, another one has the shard.
        """
        return self.is_unowned or (self.has_company and boot_s() >= self.until_s)

    async def require(self) -> None:
        """Return as soon as this process may act on events of the shard; in order, and usually at once.

        After a suspension the database is asked first whether another process has taken the shard.

        Raises:
            LeaseLost: another process has the shard, or the database cannot say.
        """
        if not self._may_act:
            await self.ask()
        if not self._may_act:
            raise LeaseLost

    @property
    def _may_act(self) -> bool:
        return not self.is_lost and (self.is_unowned or boot_s() < max(self.until_s, self._excused_s))


#: The lease that the running task listens for.
HELD_LEASE: Final[ContextVar[HeldLease]] = ContextVar("held_lease")


_CONNECT_S: Final = 30.0
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 30.0
_CLOSE_S: Final = 1.0
_DOUBT_S: Final = 1.5

#: After so many attempts in a row that no session came of, the session is resumed at the gateway's main
#: address, since its own host may be gone; after twice as many a new one is begun.
_FEW: Final = 3

#: A RESUME that Discord neither takes nor refuses is given up after so long. An IDENTIFY is not: during an
#: outage Discord asks to stay connected until it has a session. Source: Gateway > Sending Heartbeats.
_RESUMED_S: Final = 60.0
_RESUME_CONNECT_S: Final = 10.0

#: After a refused IDENTIFY: "between 1 and 5 seconds". Source: Discord's docs, Gateway > Resuming.
_REFUSED_S: Final = (1.0, 5.0)

_ENDED: Final = 1000
_AUTHENTICATION_FAILED: Final = 4004
_SHARDING_REQUIRED: Final = 4011
_INTENTS: Final = 4014

_BROKEN: Final = (OSError, aiohttp.ClientError, discord.HTTPException, discord.GatewayNotFound)


class GuardedSocket(DiscordWebSocket):
    """A gateway connection on which no event is handed on without its shard's lease.

    This is the one place: commands, buttons and events all come through here.
    """

    #: No events come any more: the session must not be resumed.
    is_deaf = False

    async def received_message(self, msg: Any, /) -> None:  # noqa: ANN401 -- as in discord.py
        """Handle one frame of the gateway, only while this process holds the shard."""
        await HELD_LEASE.get().require()
        before = self.sequence
        await super().received_message(msg)
        if self.sequence != before:
            HELD_LEASE.get().heard()

    async def give_up(self) -> None:
        """End this gateway session, so that a new one begins."""
        self.is_deaf = True
        await self.close(code=_ENDED)


def answer_last_when_in_doubt(client: IncidentBot) -> None:
    """Delay interactions while it is uncertain whether this process still holds the shard.

    Discord takes the first answer to an interaction and refuses the second. A process that is sure of its
    lease has answered by then. If there is none, there is still time to answer that nothing can be recorded.
    """
    parsers = client._connection.parsers  # noqa: SLF001 -- between the socket and everything else; pinned
    parse = parsers["INTERACTION_CREATE"]

    def parse_in_time(data: Any) -> None:  # noqa: ANN401 -- as in discord.py
        if HELD_LEASE.get().is_doubtful:
            asyncio.get_running_loop().call_later(_DOUBT_S, parse, data)
        else:
            parse(data)

    parsers["INTERACTION_CREATE"] = parse_in_time


class GatewaySession:
    """Connects, reconnects and resumes one shard.

    Args:
        may_identify: Waits until an IDENTIFY is within what Discord allows.
    """

    def __init__(
        self, client: IncidentBot, lease: HeldLease, *, may_identify: Callable[[HeldLease], Awaitable[None]]
    ) -> None:
        self._client = client
        self._lease = lease
        self._may_identify = may_identify
        self._socket: GuardedSocket | None = None
        self._resumes: dict[str, Any] | None = None
        self._failed = 0  # attempts in a row without READY or RESUMED

    async def run(self) -> None:
        """Stay connected until cancelled; the session is over afterwards.

        Raises:
            LeaseLost: the shard is another process's.
            ConfigError: Discord refuses the token, the intents or the number of shards.
        """
        HELD_LEASE.set(self._lease)
        if not self._lease.is_unowned:  # else Discord decides which process answers
            CLAIM.set(self._lease.claim)
        pause_s = _FIRST_PAUSE_S
        try:
            while True:
                began = time.monotonic()
                hurry = await self._live_once()
                self._failed = 0 if self._is_listening else self._failed + 1
                self._gone()
                self._reconsider()
                if hurry or time.monotonic() - began > _LONGEST_PAUSE_S:
                    pause_s = _FIRST_PAUSE_S
                if not hurry:
                    await asyncio.sleep(pause_s)
                    pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        finally:
            await self._leave()

    async def _live_once(self) -> bool:
        """Connect, and handle frames until the end; return True if the next connection may follow at once."""
        try:
            await self._connect()
            await self._poll()
        except ReconnectWebSocket as again:
            return await self._after(again)
        except discord.ConnectionClosed as closed:
            _give_up(closed)
            self._keep_place()
        except (*_BROKEN, StorageUnavailable) as error:
            log.info("gateway.attempt_failed", shard=self._lease.claim.shard.id, error=type(error).__name__)
            self._keep_place()
        except (ConfigError, LeaseLost):
            raise
        # An event that discord.py cannot read. Its number is passed, so it does not come again.
        except Exception:
            log.exception("gateway.session_failed", shard=self._lease.claim.shard.id)
            self._keep_place()
        return False

    async def _connect(self) -> None:
        claim, self._socket = self._lease.claim, None
        if self._resumes is None:
            await self._may_identify(self._lease)
        async with asyncio.timeout(_CONNECT_S if self._resumes is None else _RESUME_CONNECT_S):
            self._socket = await GuardedSocket.from_client(
                self._client,
                initial=True,  # or discord.py waits five seconds before each IDENTIFY
                shard_id=claim.shard.id,
                **(self._resumes or {}),
            )
        self._client.links[claim.shard.id] = self._socket

    async def _poll(self) -> None:
        """Handle frames until the connection ends.

        Raises:
            TimeoutError: Discord acknowledges heartbeats and says nothing of the session to resume.
        """
        assert self._socket is not None
        began = time.monotonic()
        while True:
            await self._socket.poll_event()
            is_overdue = self._resumes is not None and time.monotonic() - began > _RESUMED_S
            if is_overdue and not self._is_listening:
                raise TimeoutError

    @property
    def _is_listening(self) -> bool:
        return self._lease.claim.shard.id in self._client.listening

    async def _after(self, again: ReconnectWebSocket) -> bool:
        """Prepare the next connection after Discord asked for one, or fell silent. Return as `_live_once`."""
        refused = not self._is_listening
        if again.resume:
            self._keep_place()
            return not refused
        had_place = self._resumes is not None
        self._resumes, self._socket = None, None
        if refused and not had_place:
            await asyncio.sleep(random.uniform(*_REFUSED_S))  # noqa: S311 -- no secret
        return True

    def _keep_place(self) -> None:
        """Remember the session, to resume it: Discord replays missed events if the session still exists."""
        socket = self._socket
        if socket is not None and socket.is_deaf:
            self._resumes = None
        elif socket is not None and socket.session_id is not None:
            self._resumes = {
                "resume": True,
                "session": socket.session_id,
                "sequence": socket.sequence,
                "gateway": socket.gateway,
            }

    def _reconsider(self) -> None:
        """Change where to connect next, after several failed attempts.

        The host of `resume_gateway_url` may be gone for good while the gateway is well. Discord names no end
        to trying there; it also takes a RESUME at the main address, or answers that the session is over.
        """
        if self._resumes is None or self._failed < _FEW:
            return
        shard = self._lease.claim.shard.id
        if self._failed >= 2 * _FEW:
            log.warning("gateway.session_given_up", shard=shard, attempts=self._failed)
            self._resumes, self._failed = None, 0
        elif self._resumes["gateway"] != GuardedSocket.DEFAULT_GATEWAY:
            log.warning("gateway.resume_host_given_up", shard=shard, attempts=self._failed)
            self._resumes["gateway"] = GuardedSocket.DEFAULT_GATEWAY

    def _gone(self) -> None:
        shard = self._lease.claim.shard.id
        self._client.links.pop(shard, None)
        self._client.listening.pop(shard, None)
        self._client.expected_events.forget(shard)

    async def _leave(self) -> None:
        """Close with 1000, so that Discord forgets the session: no process will resume it."""
        socket = self._socket
        self._gone()
        if socket is not None and socket.open:
            with suppress(TimeoutError, *_BROKEN):
                async with asyncio.timeout(_CLOSE_S):
                    await socket.close(code=_ENDED)


def _give_up(closed: discord.ConnectionClosed) -> None:
    """Give up if reconnecting cannot help. 1000 comes for unknown reasons, and is no such case.

    Raises:
        ConfigError: it cannot help.
    """
    if closed.code == _ENDED:
        return
    if closed.code == _AUTHENTICATION_FAILED:
        raise ConfigError(LOGIN_REFUSED) from closed
    if closed.code == _SHARDING_REQUIRED:
        raise ConfigError("SHARDS: too few for this many servers (4011); allowed: auto") from closed
    if closed.code == _INTENTS:
        raise ConfigError(
            "MESSAGE_CONTENT: Discord refuses the intent (4014); allowed: true once Message Content Intent "
            "is switched on on the Bot page of https://discord.com/developers/applications, false until then"
        ) from closed
    raise ConfigError(f"Discord closed the connection for good ({closed.code})") from closed
