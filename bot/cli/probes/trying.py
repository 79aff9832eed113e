"""`incident-bot probes try`: ask each target once, and print what it finds. Nothing is stored or tracked."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import typer

from bot.cli.outcome import EXIT_FOUND, EXIT_OK
from bot.configured.outbound import outbound_of
from bot.configured.system_checks import LateProber
from bot.domain.errors import ConfigError
from bot.domain.probes.rules import ProbeRules
from bot.domain.probes.state import ProbeOutcome, outcome_of
from bot.domain.systems.results import CheckResult
from bot.i18n import Texts
from bot.runbook import Policy, load_policy, load_served
from bot.settings import Settings
from bot.ui.words.system_words import plain_line
from bot.ui.words.wording import Wording


def try_probes(settings: Settings, name: str | None, *, language: str | None) -> int:
    """Ask the targets side by side and print a line for each.

    Args:
        name: The one probe to try; None for all.
        language: "ja" or "en"; None for the policy's.

    Returns:
        The exit code: 1 when a target does not answer as expected.

    Raises:
        ConfigError: the policy has no such probe, or none at all.
    """
    policy = _policy_of(settings)
    asked = _asked(policy, name)
    words = Wording(Texts.load(), replace(policy, language=language or policy.language))
    results = asyncio.run(_ask(settings, asked))
    for rules, result in zip(asked, results, strict=True):
        typer.echo(plain_line(words, replace(result, name=rules.name)))
    is_bad = any(outcome_of(result) in {ProbeOutcome.FAILED, ProbeOutcome.UNKNOWN} for result in results)
    return EXIT_FOUND if is_bad else EXIT_OK


def _policy_of(settings: Settings) -> Policy:
    """Return the policy; one file can be tried before the server's id is known."""
    if settings.has_policies or settings.discord_guild_id is not None:
        return load_served(settings.runbook_file, home=settings.discord_guild_id).home_policy
    return load_policy(settings.runbook_file)


async def _ask(settings: Settings, asked: Sequence[ProbeRules]) -> list[CheckResult]:
    prober = LateProber(outbound_of(settings))
    return await asyncio.gather(*(prober.ask(rules) for rules in asked))


def _asked(policy: Policy, name: str | None) -> list[ProbeRules]:
    if not policy.probes:
        raise ConfigError("the policy has no [probes.<name>]; docs/runbook-file.md says how to add one")
    if name is None:
        return list(policy.probes.values())
    if name not in policy.probes:
        raise ConfigError(f"NAME: the policy has no [probes.{name}]; it has: {', '.join(policy.probes)}")
    return [policy.probes[name]]
