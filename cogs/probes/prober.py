"""What asks the targets by HTTP."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bot.domain.systems import CheckResult
from cogs.probes.rules import ProbeRules

if TYPE_CHECKING:
    from bot.configured.outbound import Outbound
    from bot.integrations.outbound.http import OutboundHttp
    from bot.settings import Settings


class Prober(Protocol):
    """Asks targets by HTTP."""

    async def ask(self, rules: ProbeRules, /) -> CheckResult:
        """Return what one request finds; it takes no longer than the timeout of the rules."""


@dataclass(frozen=True, slots=True)
class HttpProber:
    """A `Prober`, whose client is imported by the first request."""

    outbound: "Outbound"

    async def ask(self, rules: ProbeRules) -> CheckResult:
        """Send one request; a target that does not answer within its timeout has failed."""
        http = await asyncio.to_thread(self._client)
        from bot.integrations.systems.http_probe import HttpProbe  # noqa: PLC0415

        return await HttpProbe(http, rules.target, rules.http, try_s=rules.timeout.total_seconds()).ask()

    def _client(self) -> "OutboundHttp":
        """Return the client. The first call imports what asks, which takes a while: in a thread."""
        import bot.integrations.systems.http_probe  # noqa: F401, PLC0415

        return self.outbound()


def open_prober(_settings: "Settings", outbound: "Outbound") -> HttpProber:
    """Return what asks the targets."""
    return HttpProber(outbound)
