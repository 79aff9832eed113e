"""Discord's status page, by the JSON of Statuspage. Source: https://discordstatus.com/api/v2"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.domain.systems import CheckResult, Fact, SystemKind, SystemState
from bot.integrations.outbound.http import OutboundHttp
from bot.integrations.systems.answers import ask, line, understood

_STATES: Final = {
    "none": SystemState.OK,
    "maintenance": SystemState.OK,
    "minor": SystemState.DEGRADED,
    "major": SystemState.DOWN,
    "critical": SystemState.DOWN,
}


@dataclass(frozen=True, slots=True)
class DiscordStatus:
    """A `bot.services.ports.live_checks.LiveCheck`.

    Attributes:
        page: The status page, without a slash at its end.
    """

    http: OutboundHttp
    page: str
    name: str = ""
    system: SystemKind = SystemKind.DISCORD

    async def look(self) -> CheckResult:
        """Return what the page says: its open incident if there is one, else its own words."""
        body = await ask(self.http, f"{self.page}/api/v2/summary.json", system="discord_status")
        state, words = understood(_summary, body)
        fact = Fact.STATUS_PAGE_CALM if state is SystemState.OK else Fact.STATUS_PAGE
        values = {} if state is SystemState.OK else {"said": words}
        return CheckResult(system=self.system, state=state, fact=fact, values=values, url=self.page)


def _summary(body: Mapping[str, Any]) -> tuple[SystemState, str]:
    incidents, status = body.get("incidents") or [], body["status"]
    words = incidents[0]["name"] if incidents else status["description"]
    return _STATES.get(status["indicator"], SystemState.UNKNOWN), line(words)
