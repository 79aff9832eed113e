"""Sentry: the issues that were first seen lately.

Source: https://docs.sentry.io/api/events/list-an-organizations-issues/
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlencode

from bot.domain.systems import CheckResult, Fact, SystemKind, SystemState
from bot.integrations.outbound.http import OutboundHttp
from bot.integrations.systems.answers import ask, line, understood

_MINUTES: Final = 15
_MOST: Final = 100  # Sentry's limit


@dataclass(frozen=True, slots=True)
class SentryIssues:
    """A `bot.services.ports.live_checks.LiveCheck`.

    Attributes:
        url: The server, without a slash at its end.
        name: The organization's slug.
        projects: Slugs; empty for all.
        environment: "" for all.
    """

    http: OutboundHttp
    url: str
    token: str = field(repr=False)
    name: str
    projects: tuple[str, ...] = ()
    environment: str = ""
    system: SystemKind = SystemKind.SENTRY

    async def look(self) -> CheckResult:
        """Return degraded if there are new issues, with the one that comes most often."""
        query = [
            ("query", f"is:unresolved firstSeen:-{_MINUTES}m"),
            ("sort", "freq"),
            ("limit", str(_MOST)),
            *(("project", slug) for slug in self.projects),
            *(("environment", name) for name in (self.environment,) if name),
        ]
        path = f"/api/0/organizations/{quote(self.name)}/issues/?{urlencode(query)}"
        body = await ask(self.http, f"{self.url}{path}", system="sentry", token=self.token)
        issues: Sequence[tuple[str, str]] = understood(
            lambda found: [(line(each["title"], limit=60), str(each["permalink"])) for each in found], body
        )
        minutes = str(_MINUTES)
        if not issues:
            return self._result(SystemState.OK, Fact.NO_NEW_ISSUES, {"minutes": minutes}, None)
        title, url = issues[0]
        count = f"{_MOST}+" if len(issues) >= _MOST else str(len(issues))
        values = {"count": count, "title": title, "minutes": minutes}
        return self._result(SystemState.DEGRADED, Fact.NEW_ISSUES, values, url)

    def _result(self, state: SystemState, fact: Fact, values: dict[str, str], url: str | None) -> CheckResult:
        return CheckResult(system=self.system, name=self.name, state=state, fact=fact, values=values, url=url)
