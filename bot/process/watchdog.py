"""A gateway that is away is said aloud: discord.py tries to come back in silence."""

import time
from dataclasses import dataclass, field

import structlog

from bot.process.keeper import ShardKeeper
from bot.ui.discord_api.circuit import Circuit

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class GatewayWatch:
    """Tells the log when commands and reactions have not reached us for a while, and when they do again.

    Attributes:
        circuit: Learns that the gateway is silent: then fewer failures of REST are an outage.
        patience_s: Reconnecting takes a moment; sooner than this nobody is told, seconds.
    """

    keeper: ShardKeeper
    circuit: Circuit
    patience_s: float = 20.0
    _away_since: float | None = field(default=None, init=False)
    _told: bool = field(default=False, init=False)

    async def look(self) -> None:
        """A tick. Acknowledgements are read by REST meanwhile, and the ladder goes on."""
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
