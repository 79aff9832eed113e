"""The heartbeats of a policy: how many there are, and whether their beats can arrive."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from bot.doctor.finding import Finding, ok, warn
from bot.runbook.model import Policy
from cogs.heartbeats.rules import Heartbeats

if TYPE_CHECKING:
    from bot.settings import Settings

_NAME: Final = "heartbeats"


async def check(settings: "Settings", policy: Policy) -> Iterable[Finding]:
    """Return what is to say about the heartbeats; nothing if the policy has none."""
    count = len(policy.of(Heartbeats).by_name)
    if not count:
        return []
    if settings.hooks_port is None:
        return [warn(_NAME, "no beat can arrive: there is no port", "set HOOKS_PORT, and route /ping/ to it")]
    if settings.heartbeats_secret is None:
        said = "no beat can arrive: their addresses have no secret"
        return [warn(_NAME, said, "set HEARTBEATS_SECRET: openssl rand -hex 24")]
    return [ok(_NAME, f"{count} on port {settings.hooks_port}")]
