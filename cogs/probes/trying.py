"""`incident-bot probes try`: ask each target once, and print what it finds. Nothing is stored or tracked."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import typer

from bot.domain.errors import ConfigError
from bot.domain.systems import CheckResult
from bot.i18n import Texts
from bot.runbook.model import Policy
from bot.ui.words.systems import plain_line
from bot.ui.words.wording import Wording
from cogs.probes.rules import ProbeOutcome, ProbeRules, Probes, outcome_of
from cogs.probes.use_cases import Prober


def try_probes(prober: Prober, policy: Policy, name: str | None) -> bool:
    """Ask the targets side by side and print a line for each, in the policy's language.

    Args:
        prober: Asks them.
        policy: Whose probes are asked.
        name: The one probe to try; None for all.

    Returns:
        False when a target does not answer as expected.

    Raises:
        ConfigError: the policy has no such probe, or none at all.
    """
    probes = _asked(policy.of(Probes).by_name, name)
    results = asyncio.run(_ask(prober, probes))
    words = Wording(Texts.load(), policy)
    for rules, result in zip(probes, results, strict=True):
        typer.echo(plain_line(words, replace(result, name=rules.name)))
    return not any(outcome_of(result) in {ProbeOutcome.FAILED, ProbeOutcome.UNKNOWN} for result in results)


async def _ask(prober: Prober, probes: Sequence[ProbeRules]) -> list[CheckResult]:
    return await asyncio.gather(*(prober.ask(rules) for rules in probes))


def _asked(probes: Mapping[str, ProbeRules], name: str | None) -> list[ProbeRules]:
    if not probes:
        raise ConfigError("the policy has no [probes.<name>]; docs/runbook-file.md says how to add one")
    if name is None:
        return list(probes.values())
    if name not in probes:
        raise ConfigError(f"NAME: the policy has no [probes.{name}]; it has: {', '.join(probes)}")
    return [probes[name]]
