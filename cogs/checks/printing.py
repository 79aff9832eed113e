"""`incident-bot check`: look at every system and print what is found. Nothing is stored."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import typer

from bot.domain.errors import ConfigError
from bot.domain.systems.results import SystemState
from bot.i18n import Texts
from bot.runbook.model import Policy
from bot.services.ports import DlqStore
from bot.services.ports.live_checks import LiveCheck
from bot.ui.words.system_words import plain_line
from bot.ui.words.wording import Wording
from cogs.checks.posts import kinds
from cogs.checks.rules import CheckRules, ChecksShown
from cogs.checks.running import DlqFailures, results_in_steps
from cogs.checks.systems import OpenChecks


class DatabaseAccess(Protocol):
    """Opens the bot's own database and the DLQ."""

    def __call__(self, work: Callable[[LiveCheck, DlqStore], Awaitable[ChecksShown]], /) -> ChecksShown:
        """Return what *work* returns of them, in an event loop of its own."""


def print_checks(opened: OpenChecks, policy: Policy, target: str | None, look: DatabaseAccess) -> bool:
    """Print a line for each system, the worst first, in the policy's language.

    Args:
        opened: Makes the checks.
        policy: Which names the systems.
        target: The one that is asked by HTTP; None for all.
        look: Opens what every round looks at.

    Returns:
        False when a system is down.

    Raises:
        ConfigError: the policy does not know the target.
    """
    rules, words = policy.of(CheckRules), Wording(Texts.load(), policy)
    if target is not None and target not in rules.http:
        known_targets = ", ".join(rules.http) or "none is set up"
        raise ConfigError(f"TARGET: {target} has no [checks.http] in the policy; allowed: {known_targets}")

    async def looked(vitals: LiveCheck, dlq: DlqStore) -> ChecksShown:
        known = opened(rules, vitals)
        checks = [*known.of([] if target is None else [target]), DlqFailures(dlq)]
        shown = ChecksShown(systems=len(checks), unconfigured=tuple(known.unconfigured))
        async for results in results_in_steps(checks):
            shown = shown.with_results(results)
        return shown

    shown = look(looked)
    for result in shown.results:
        typer.echo(plain_line(words, result))
    if shown.unconfigured:
        named = kinds(words, shown.unconfigured)
        typer.echo(words.say("systems.message.unconfigured", systems=named).removeprefix("-# "))
    return not any(each.state is SystemState.DOWN for each in shown.results)
