"""The states of probes, and the counts of their results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.probes.rules import ProbeRules
from bot.domain.probes.state import ProbeOutcome, ProbeStatus


@dataclass(frozen=True, slots=True)
class ProbeCounts:
    """How often each outcome was counted within a day."""

    ok: int = 0
    degraded: int = 0
    failed: int = 0

    @property
    def availability(self) -> float | None:
        """Return the part of the results that were no failures, 0 to 1; None without results."""
        asked = self.ok + self.degraded + self.failed
        return (self.ok + self.degraded) / asked if asked else None


class ProbeReads(Protocol):
    """Reads and writes that need no transaction of the caller's."""

    async def begin_probes(self, guild_id: int, rules: Sequence[ProbeRules]) -> None:
        """Make the probes of a policy known, each due at its own moment of its interval; forget others."""

    async def claim_probes(
        self, guild_id: int, every: Mapping[str, timedelta], *, limit: int
    ) -> list[ProbeStatus]:
        """Take at most *limit* due probes, the longest overdue first, and make each due again later.

        Args:
            every: The interval of each probe by its name.
        """

    async def probes(self, guild_id: int) -> list[ProbeStatus]:
        """Return all states, that of the prober among them, by name."""

    async def prober(self, guild_id: int) -> ProbeStatus:
        """Return the state of the prober itself, after `begin_probes`."""

    async def probe_counts(self, guild_id: int) -> dict[str, ProbeCounts]:
        """Return the results of the last 24 hours, to five minutes, by the name of the probe."""

    async def forget_probe_counts(self) -> None:
        """Delete counts that are older than a day."""


class ProbeWrites(Protocol):
    """The part of a transaction that changes states."""

    async def save_probe(self, guild_id: int, status: ProbeStatus) -> bool:
        """Store the status; return False if the probe has been asked again since."""

    async def count_probe(self, guild_id: int, name: str, outcome: ProbeOutcome, *, at: datetime) -> None:
        """Add one result of the probe *name* to the counts of its five minutes."""
