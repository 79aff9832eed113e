"""Looks once at each system that live checks read, and names the tokens that are missing."""

from collections.abc import Iterator, Sequence
from typing import Final

from bot.doctor.finding import Finding, ok, warn
from bot.domain.systems.results import CheckResult, SystemKind, SystemState
from bot.domain.systems.rules import CheckRules
from bot.services.ports.live_checks import LiveCheck, LiveChecks
from bot.services.systems.running import results_in_steps
from bot.ui.words.inert import plain
from bot.ui.words.system_words import fact_of, name_of
from bot.ui.words.wording import Wording

_TOKENS: Final = {
    SystemKind.WORKERS: "CLOUDFLARE_TOKEN and CLOUDFLARE_ACCOUNT_ID",
    SystemKind.PAGES: "CLOUDFLARE_TOKEN and CLOUDFLARE_ACCOUNT_ID",
    SystemKind.GITHUB: "GITHUB_TOKEN",
    SystemKind.SENTRY: "SENTRY_TOKEN",
}
_TODO: Final = "correct [checks] in the policy, or the token and its rights; docs/internals/systems.md"


async def check_systems(
    words: Wording, checks: Sequence[LiveCheck], *, rules: CheckRules, known: LiveChecks
) -> list[Finding]:
    """Look at each system. Only an unknown state is a warning: a wrong set-up may cause it."""
    found = [_finding(words, each) async for step in results_in_steps(checks) for each in step]
    return [*sorted(found, key=lambda each: each.what), *_without_token(rules, known)]


def _finding(words: Wording, result: CheckResult) -> Finding:
    what = f"check of {name_of(words, result, safe=plain)}"
    said = fact_of(words, result, safe=plain)
    return warn(what, said, _TODO) if result.state is SystemState.UNKNOWN else ok(what, said)


def _without_token(rules: CheckRules, known: LiveChecks) -> Iterator[Finding]:
    """Yield a warning for each kind that the policy names and no token reads."""
    named = {
        SystemKind.WORKERS: rules.workers,
        SystemKind.PAGES: rules.pages,
        SystemKind.GITHUB: rules.repositories,
        SystemKind.SENTRY: rules.sentry_organization,
    }
    for kind, names in named.items():
        if names and kind in known.unconfigured:
            needed = _TOKENS[kind]
            yield warn(f"check of {kind}", f"the policy names it, but {needed} is not set", f"set {needed}")
