"""Looks once at each system that live checks read, and names the tokens that are missing."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.configured import outbound_of
from bot.doctor.finding import Finding, ok, warn
from bot.domain.systems import CheckResult, SystemKind, SystemState
from bot.i18n import Texts
from bot.runbook.model import Policy
from bot.services.ports.systems import LiveCheck
from bot.storage.database.vitals import DatabaseVitals
from bot.ui.words.inert import plain
from bot.ui.words.systems import fact_of, name_of
from bot.ui.words.wording import Wording
from cogs.checks.rules import CheckRules
from cogs.checks.systems import LiveChecks, open_checks, results_in_steps

if TYPE_CHECKING:
    from bot.settings import Settings

_TOKENS: Final = {
    SystemKind.WORKERS: "CLOUDFLARE_TOKEN and CLOUDFLARE_ACCOUNT_ID",
    SystemKind.PAGES: "CLOUDFLARE_TOKEN and CLOUDFLARE_ACCOUNT_ID",
    SystemKind.GITHUB: "GITHUB_TOKEN",
    SystemKind.SENTRY: "SENTRY_TOKEN",
}
_TODO: Final = "correct [checks] in the policy, or the token and its rights; cogs/checks/README.md"


async def check(settings: "Settings", policy: Policy) -> list[Finding]:
    """Look at the systems that the team has named for live checks, without the bot's own database."""
    rules = policy.of(CheckRules)
    known = open_checks(settings, outbound_of(settings))(rules, DatabaseVitals(""))
    has_other = settings.checks_database_url is not None
    by_itself = {SystemKind.DISCORD} if has_other else {SystemKind.DISCORD, SystemKind.DATABASE}
    checks = [each for each in known.of(()) if each.system not in by_itself]
    words = Wording(Texts.load(), replace(policy, language="en"))
    return await check_systems(words, checks, rules=rules, known=known)


async def check_systems(
    words: Wording, checks: Sequence[LiveCheck], *, rules: CheckRules, known: LiveChecks
) -> list[Finding]:
    """Look at each system. Only an unknown state is a warning: a wrong set-up may cause it."""
    findings = [_finding(words, each) async for step in results_in_steps(checks) for each in step]
    return [*sorted(findings, key=lambda each: each.what), *_without_token(rules, known)]


def _finding(words: Wording, result: CheckResult) -> Finding:
    what = f"check of {name_of(words, result, safe=plain)}"
    fact = fact_of(words, result, safe=plain)
    return warn(what, fact, _TODO) if result.state is SystemState.UNKNOWN else ok(what, fact)


def _without_token(rules: CheckRules, known: LiveChecks) -> Iterator[Finding]:
    """Yield a warning for each kind that the policy names and no token reads."""
    named = {
        SystemKind.WORKERS: rules.systems.workers,
        SystemKind.PAGES: rules.systems.pages,
        SystemKind.GITHUB: rules.systems.repositories,
        SystemKind.SENTRY: rules.sentry_organization,
    }
    for kind, names in named.items():
        if names and kind in known.unconfigured:
            needed = _TOKENS[kind]
            yield warn(f"check of {kind}", f"the policy names it, but {needed} is not set", f"set {needed}")
