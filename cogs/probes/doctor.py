"""The probes of a policy: how many there are, and which of them say nothing."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from bot.doctor.finding import Finding, ok, warn
from bot.integrations.addresses import is_loopback
from bot.runbook.model import Policy
from cogs.probes.rules import Probes

if TYPE_CHECKING:
    from bot.settings import Settings

_NAME: Final = "probes"
_MINUTE: Final = timedelta(minutes=1)


async def check(_settings: "Settings", policy: Policy) -> Iterable[Finding]:
    """Return the findings of `check_probes`."""
    return list(check_probes(policy))


def check_probes(policy: Policy) -> Iterator[Finding]:
    """Yield what is to say about the probes; nothing if the policy has none."""
    probes = policy.of(Probes).by_name.values()
    if not probes:
        return
    per_minute = sum(_MINUTE / rules.every for rules in probes)
    s = "" if len(probes) == 1 else "s"
    yield ok(_NAME, f"{len(probes)} target{s}, about {per_minute:.0f} requests a minute")
    for rules in probes:
        if is_loopback(urlsplit(rules.http.url).hostname or ""):
            said = f"{rules.name} is on the bot's own machine: both go down together, and no one is told"
            yield warn(_NAME, said, "run the bot elsewhere, or let HEARTBEAT_URL watch it from outside")
