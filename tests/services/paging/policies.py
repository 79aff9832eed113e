"""Parky's policy with pages that leave Discord."""

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

from bot.domain.paging import Also
from bot.runbook.model import Policy
from tests.standins.paging.server import PUSHOVER_USER

TOPIC = "parky-primary-x7Kq"


def paging_policy(
    policy: Policy,
    *,
    also: Sequence[Also] = (Also.PUSH, Also.PAGERDUTY, Also.WEBHOOK),
    steps: Sequence[int] = (1,),
) -> Policy:
    """Let *steps* of SEV1's ladder, counted from 0 (the one at the deadline), page by *also* as well."""
    sev1 = policy.severities["SEV1"]
    ladder = [replace(rung, also=tuple(also) if nth in steps else ()) for nth, rung in enumerate(sev1.ladder)]
    primary = replace(policy.oncall["primary"], ntfy=TOPIC, pushover=PUSHOVER_USER)
    return replace(
        policy,
        severities=MappingProxyType({**policy.severities, "SEV1": replace(sev1, ladder=tuple(ladder))}),
        oncall=MappingProxyType({**policy.oncall, "primary": primary}),
    )
