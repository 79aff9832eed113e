"""The team's verdicts on alerts."""

from collections.abc import Sequence
from typing import Protocol

from bot.domain.alerts.verdict import AlertVerdict


class AlertVerdictReads(Protocol):
    """Reads the team's verdicts on alerts."""

    async def alert_verdicts(self, guild_id: int, fingerprints: Sequence[str]) -> list[AlertVerdict]:
        """Return the verdicts on alerts that still hold."""


class AlertVerdictWrites(Protocol):
    """The part of a transaction that records the team's verdicts on alerts.

    The fingerprint must be locked.
    """

    async def save_alert_verdict(self, verdict: AlertVerdict) -> None:
        """Store a verdict in the place of an earlier one."""

    async def withdraw_alert_verdict(self, guild_id: int, fingerprint: str) -> AlertVerdict | None:
        """Remove the verdict that holds, and return it; None without one."""

    async def pass_over_alert(
        self, guild_id: int, fingerprint: str, *, message_id: int, severities: Sequence[str]
    ) -> bool:
        """Count a message on the mute of its alert, once; return False if it is not muted for it.

        Args:
            severities: The names of the message's severity and of those above it: a mute of any of them
                holds for it, and one of a lower severity does not.
        """
