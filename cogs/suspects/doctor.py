"""The doctor's check of suspects: can each source of changes be read?"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from bot.configured import outbound_of
from bot.doctor.finding import Finding, fail, ok
from bot.domain.errors import OutboundFailed, UpstreamUnavailable
from bot.runbook.model import Policy
from cogs.suspects.rules import ChangeSource, SourceProblem, problem_of
from cogs.suspects.sources import ChangeSources

if TYPE_CHECKING:
    from bot.settings import Settings

_WHAT: Final = "suspects"

_NONE: Final = "no source is set up: no card of what changed before an incident"
_TODO: Final = {
    SourceProblem.REFUSED: "give the token read access: Deployments and Pull requests, or Workers and Pages",
    SourceProblem.NOT_FOUND: "correct [checks.github] or [checks.cloudflare], or give the token access",
}


async def check(settings: "Settings", policy: Policy) -> list[Finding]:
    """Return whether each source can be read."""
    sources = ChangeSources(settings, outbound_of(settings))
    return await check_change_sources(sources.named_in(policy), has_reports=sources.are_reported(policy))


async def check_change_sources(
    sources: Sequence[ChangeSource], *, has_reports: bool = False
) -> list[Finding]:
    """Read each source once: one line for all that can be read, and one for each that cannot.

    Args:
        has_reports: A source of hooks may report deployments, too.
    """
    if not sources:
        reported = "only what hooks report is on the card of what changed before an incident"
        return [ok(_WHAT, reported if has_reports else _NONE)]
    findings = await asyncio.gather(*map(_look, sources))
    failed = [one for one in findings if one is not None]
    read = len(sources) - len(failed)
    return [*([ok(_WHAT, f"sources of changes that can be read: {read}")] if read else []), *failed]


async def _look(source: ChangeSource) -> Finding | None:
    now = datetime.now(UTC)
    try:
        await source.read(now, now)
    except OutboundFailed as failed:
        todo = _TODO.get(problem_of(failed.problem), "try again later")
        return fail(_WHAT, f"{source.name} {source.about}: {failed.reason}", todo)
    except UpstreamUnavailable as away:
        return fail(_WHAT, f"{source.name} {source.about}: {away.reason}", "try again later")
    return None
