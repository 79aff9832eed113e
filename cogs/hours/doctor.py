"""The doctor's check of `/oncall hours`: whether its group is there."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bot.doctor.finding import Finding, ok, warn
from bot.runbook.model import Policy
from cogs.hours.rules import HourRules

if TYPE_CHECKING:
    from bot.settings import Settings

_WHAT = "hours on call"
_GROUP = "oncall"


async def check(_settings: "Settings", policy: Policy) -> Iterable[Finding]:
    """Return which hours count as night; a warning if `/oncall` is off."""
    if _GROUP not in {one.name for one in policy.capabilities}:
        said = "/oncall is switched off, and /oncall hours with it"
        return [warn(_WHAT, said, 'take "oncall" out of [capabilities] off, or remove [hours]')]
    night = policy.of(HourRules).night
    span = f"{night.start:%H:%M}-{night.end:%H:%M}" if night.start != night.end else "none"
    return [ok(_WHAT, f"night: {span} in {policy.timezone.key}")]
