"""`incident-bot check`: the state of every system, in the terminal."""

import asyncio
from contextlib import ExitStack
from dataclasses import replace

import typer

from bot.cli.outcome import EXIT_FOUND, EXIT_OK
from bot.database import own_database
from bot.domain.errors import ConfigError
from bot.domain.systems.results import SystemState
from bot.domain.systems.rounds import ChecksShown
from bot.resources import open_shared
from bot.runbook import Policy, Served, load_served
from bot.services.systems.dlq_check import DlqFailures
from bot.services.systems.running import results_in_steps
from bot.settings import Settings
from bot.ui.words.system_words import kinds, plain_line
from bot.ui.words.wording import Wording


def check(settings: Settings, target: str | None, *, language: str | None) -> int:
    """Look at every system and print a line for each, the worst first.

    Args:
        target: The one that is asked by HTTP; None for all.
        language: "ja" or "en"; None for the policy's.

    Returns:
        The exit code: 1 when a system is down.
    """
    served = load_served(settings.runbook_file, home=settings.discord_guild_id)
    _require_known(served.home_policy, target)
    with ExitStack() as stack:
        database = stack.enter_context(own_database(settings))
        shown, words = asyncio.run(_look(settings, served, database.dsn, target=target, language=language))
    for result in shown.results:
        typer.echo(plain_line(words, result))
    if shown.unconfigured:
        named = kinds(words, shown.unconfigured)
        typer.echo(words.say("systems.message.unconfigured", systems=named).removeprefix("-# "))
    is_down = any(each.state is SystemState.DOWN for each in shown.results)
    return EXIT_FOUND if is_down else EXIT_OK


async def _look(
    settings: Settings, served: Served, dsn: str, *, target: str | None, language: str | None
) -> tuple[ChecksShown, Wording]:
    policy = served.home_policy
    async with open_shared(settings, served, dsn, connections=0) as shared:
        known = shared.checks(policy)
        checks = [*known.of([] if target is None else [target]), DlqFailures(shared.dlq)]
        shown = ChecksShown(systems=len(checks), unconfigured=tuple(known.unconfigured))
        async for results in results_in_steps(checks):
            shown = shown.with_results(results)
        words = Wording(shared.texts, replace(policy, language=language or policy.language))
    return shown, words


def _require_known(policy: Policy, target: str | None) -> None:
    if target is not None and target not in policy.checks.http:
        known = ", ".join(policy.checks.http) or "none is set up"
        raise ConfigError(f"TARGET: {target} has no [checks.http] in the policy; allowed: {known}")
