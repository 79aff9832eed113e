"""GitHub's record of what it sends to a webhook: can the bot fetch from it what never arrived?"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.doctor.finding import Finding, fail, ok, warn
from bot.domain.errors import CodeHostRefused, UpstreamUnavailable
from bot.runbook import Policy
from bot.services.ports.hooks import HookDeliveries

_WHAT: Final = "missed hooks"
_DAY: Final = timedelta(days=1)


async def check_hook_records(records: Mapping[str, HookDeliveries], policy: Policy) -> list[Finding]:
    """Look at the record of each webhook that the policy names; none without any.

    Args:
        records: Those that can be read, by the name of their source.
    """
    named = [source for source, rules in policy.hooks.items() if rules.sent_by is not None]
    return [await _check(source, records.get(source)) for source in named]


async def _check(source: str, record: HookDeliveries | None) -> Finding:
    if record is None:
        todo = "set GITHUB_TOKEN, and repository beside the webhook in the policy"
        return warn(_WHAT, f"[hooks.{source}] names a webhook that cannot be read", todo)
    try:
        attempts = await record.attempts(datetime.now(UTC) - _DAY)
    except CodeHostRefused as refused:
        todo = f"give the token Webhooks: read, or correct webhook and repository of [hooks.{source}]"
        return fail(_WHAT, f"{source}: {refused.reason}", todo)
    except UpstreamUnavailable as away:
        return fail(_WHAT, f"{source}: {away.reason}", "try again; see https://www.githubstatus.com")
    failed = sum(not attempt.has_arrived for attempt in attempts)
    return ok(_WHAT, f"{source}: {len(attempts)} deliveries within a day, {failed} did not arrive")
