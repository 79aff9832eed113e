"""The maintenance that the policy's file plans: whether it ever comes, and whether alerts can be about it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from bot.doctor.finding import Finding, ok, warn
from bot.domain.alerts.alert import mention_of
from bot.runbook.model import Policy
from cogs.maintenance.plans import next_of
from cogs.maintenance.rules import PolicyPlan, PolicyPlans

if TYPE_CHECKING:
    from bot.settings import Settings

_NAME: Final = "maintenance"


async def check(settings: "Settings", policy: Policy) -> Iterable[Finding]:  # noqa: ARG001 -- as all checks
    """Return what is wrong with the planned maintenance; nothing if the policy plans none."""
    return findings(policy, now=datetime.now(UTC))


def findings(policy: Policy, *, now: datetime) -> list[Finding]:
    """Return the findings of `check` at a moment."""
    plans = policy.of(PolicyPlans).entries
    wrong = [finding for plan in plans for finding in _problems(policy, plan, now)]
    return wrong or ([ok(_NAME, f"{len(plans)} planned by the policy")] if plans else [])


def _problems(policy: Policy, plan: PolicyPlan, now: datetime) -> Iterable[Finding]:
    what = f"{_NAME} of {plan.target}"
    if next_of(policy, plan, now) is None:
        yield warn(what, f'"{plan.said}" never comes any more', "remove it from [[maintenance]], or move it")
    known, mention = policy.alert_targets, mention_of(plan.target)
    if known and not any(mention.search(name) for name in known):
        said = "the policy names no such target: only alerts that mention it are held"
        yield warn(what, said, "correct it in [[maintenance]], or add it to targets")
