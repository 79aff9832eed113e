"""Two checks of the gateway: that it is connected, and that its sessions are not deaf.

A deaf session acknowledges heartbeats but sends no events. Commands and clicks do not reach the bot on it,
and nothing else would ever end it. The bot starts a new session and reports the trouble.
"""

import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Final

import structlog
from discord.gateway import DiscordWebSocket

from bot.client import IncidentBot
from bot.process.gateway import GuardedSocket
from bot.process.keeper import ShardKeeper
from bot.ui.discord_api.circuit import Circuit

log = structlog.get_logger(__name__)

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
