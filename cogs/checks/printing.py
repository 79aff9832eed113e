"""`incident-bot check`: look at every system and print what is found. Nothing is stored."""

from dataclasses import replace
from typing import cast

import typer

from bot.domain.errors import ConfigError
from bot.domain.systems import SystemState
from bot.runbook.model import Policy
from bot.services.core import Core
from bot.ui.words.systems import plain_line
from bot.ui.words.wording import Wording
from cogs.checks.posts import kinds
from cogs.checks.rules import CheckRules, ChecksShown
from cogs.checks.systems import DlqFailures, OpenChecks, results_in_steps


def require_target(policy: Policy, target: str | None) -> None:
    """Make sure that *policy* knows the target, None is all.

    Raises:
        ConfigError: It does not.
    """
    known = policy.of(CheckRules).http
    if target is not None and target not in known:
        allowed = ", ".join(known) or "none is set up"
        raise ConfigError(f"TARGET: {target} has no [checks.http] in the policy; allowed: {allowed}")


async def print_checks(core: Core, target: str | None, *, language: str | None) -> bool:
    """Print a line for each system of a guild, the worst first.

    Args:
        target: The one that is asked by HTTP; None for all.
        language: "ja" or "en"; None for the policy's.

    Returns:
        False when a system is down.
    """
    policy, opened = core.policy, cast("OpenChecks", core.opened)
    words = Wording(core.texts, replace(policy, language=language or policy.language))
    known = opened(policy.of(CheckRules), core.vitals)
    checks = [*known.of([] if target is None else [target]), DlqFailures(core.dlq)]
    shown = ChecksShown(systems=len(checks), unconfigured=tuple(known.unconfigured))
    async for results in results_in_steps(checks):
        shown = shown.with_results(results)
    for result in shown.results:
        typer.echo(plain_line(words, result))
    if shown.unconfigured:
        named = kinds(words, shown.unconfigured)
        typer.echo(words.say("systems.message.unconfigured", systems=named).removeprefix("-# "))
    return not any(each.state is SystemState.DOWN for each in shown.results)
