"""The team's rules for probes, as the policy file has them."""

import zlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from bot.domain.alerts.events import AlertSender
from bot.domain.systems.rules import HttpTarget

#: The name under which alerts of probes are compared. It never changes.
SENDER: Final = "probe"

#: People read it as the author of these alerts.
_LABEL: Final = "Probe"

#: The name of the row of the prober itself; no probe of a policy can have it.
PROBER: Final = ""

_FULL: Final = 2**32


@dataclass(frozen=True, slots=True)
class ProbeRules:
    """How one target is watched.

    Attributes:
        name: As the policy calls the probe.
        target: What is affected when it fails.
        severity: The name of the severity of the alert when it is down.
        degraded: The same for a target that is slow, or whose certificate ends soon; None for no alert.
        every: The interval between the beginnings of two requests.
        timeout: A request that takes longer has failed.
        fails: After how many failures in a row the target is down.
        recovers: After how many answers in a row it is up again.
        channel: Where its alerts are posted; None: in the channel of their severity.
    """

    name: str
    target: str
    http: HttpTarget
    severity: str
    degraded: str | None = None
    every: timedelta = timedelta(seconds=60)
    timeout: timedelta = timedelta(seconds=10)
    fails: int = 2
    recovers: int = 2
    channel: str | None = None
    host: str = field(init=False)

    def __post_init__(self) -> None:
        """Take the host from the address."""
        object.__setattr__(self, "host", urlsplit(self.http.url).hostname or "")

    @property
    def phase(self) -> timedelta:
        """Return the part of the interval to wait before the first request.

        It follows from the name, so that many probes spread over their interval, and stay spread.
        """
        return self.every * (zlib.crc32(self.name.encode()) / _FULL)


def sender(severity: str, channel: str | None = None) -> AlertSender:
    """Return the sender of the alerts of probes.

    Args:
        severity: The name of the alert's severity.
        channel: Where it is posted; None: in the channel of its severity.
    """
    return AlertSender(SENDER, _LABEL, severity, channel=channel)
