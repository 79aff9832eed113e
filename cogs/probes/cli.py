"""`incident-bot probes try`: ask each target once, and print what it finds. Nothing is stored or tracked."""

# ruff: noqa: PLC0415 -- as in `bot.cli.commands`

import asyncio
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot.cli.outcome import EXIT_FOUND, EXIT_OK, ends_well
from bot.domain.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.systems import CheckResult
    from bot.runbook import Policy
    from cogs.probes.rules import ProbeRules
    from cogs.probes.use_cases import Prober

probes = typer.Typer(help="Targets that are asked by HTTP all the time.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    app.add_typer(probes, name="probes")


@probes.callback()
def _group() -> None:
    """Keep `try` a command of its own: a single command would take the place of its group."""


@probes.command(name="try", epilog="Example: incident-bot probes try api-production")
def try_(
    name: Annotated[
        str | None, typer.Argument(help="Only this probe of the policy; else all.", metavar="NAME")
    ] = None,
    *,
    lang: Annotated[
        Literal["ja", "en"] | None,
        typer.Option(help="Of the words; else that of LC_ALL or LANG, or of the policy."),
    ] = None,
) -> None:
    """Ask each target once and print what it finds; exits with 1 when one does not answer as expected."""
    with ends_well():
        from bot.cli.setup import load, require_on

        settings = load()
        from bot.configured import outbound_of
        from bot.i18n.terminal import terminal_language
        from bot.runbook import load_policy, load_served
        from cogs.probes.use_cases import HttpProber

        if settings.has_policies or settings.discord_guild_id is not None:
            policy = load_served(settings.runbook_file, home=settings.discord_guild_id).home_policy
        else:  # one file can be tried before the server's id is known
            policy = load_policy(settings.runbook_file)
        require_on(policy, "probes", command="probes try")
        language = lang or terminal_language(os.environ) or policy.language
        prober = HttpProber(outbound_of(settings))
        is_well = _try_probes(prober, replace(policy, language=language), name)
        raise typer.Exit(EXIT_OK if is_well else EXIT_FOUND)


def _try_probes(prober: "Prober", policy: "Policy", name: str | None) -> bool:
    """Ask the targets side by side and print a line for each; False when one does not answer as expected."""
    from bot.i18n import Texts
    from bot.ui.words.systems import plain_line
    from bot.ui.words.wording import Wording
    from cogs.probes.rules import ProbeOutcome, Probes, outcome_of

    probes = _chosen(policy.of(Probes).by_name, name)

    async def ask() -> "list[CheckResult]":
        return await asyncio.gather(*(prober.ask(rules) for rules in probes))

    results = asyncio.run(ask())
    words = Wording(Texts.load(), policy)
    for rules, result in zip(probes, results, strict=True):
        typer.echo(plain_line(words, replace(result, name=rules.name)))
    return not any(outcome_of(result) in {ProbeOutcome.FAILED, ProbeOutcome.UNKNOWN} for result in results)


def _chosen(probes: "Mapping[str, ProbeRules]", name: str | None) -> "Sequence[ProbeRules]":
    """Return the probe of that name, or all.

    Raises:
        ConfigError: the policy has no such probe, or none at all.
    """
    if not probes:
        raise ConfigError("the policy has no [probes.<name>]; docs/runbook-file.md says how to add one")
    if name is None:
        return list(probes.values())
    if name not in probes:
        raise ConfigError(f"NAME: the policy has no [probes.{name}]; it has: {', '.join(probes)}")
    return [probes[name]]
