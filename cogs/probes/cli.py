"""`incident-bot probes`: its options and help. What it does is in `cogs.probes.trying`."""

# ruff: noqa: PLC0415 -- as in `bot.cli.commands`

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot.cli.outcome import EXIT_FOUND, EXIT_OK, ends_well

if TYPE_CHECKING:
    from bot.runbook import Policy
    from bot.settings import Settings

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
        from cogs.probes.trying import try_probes
        from cogs.probes.use_cases import HttpProber

        policy = _policy_of(settings)
        require_on(policy, "probes", command="probes try")
        language = lang or terminal_language(os.environ) or policy.language
        prober = HttpProber(outbound_of(settings))
        is_well = try_probes(prober, replace(policy, language=language), name)
        raise typer.Exit(EXIT_OK if is_well else EXIT_FOUND)


def _policy_of(settings: "Settings") -> "Policy":
    """Return the policy; one file can be tried before the server's id is known."""
    from bot.runbook import load_policy, load_served

    if settings.has_policies or settings.discord_guild_id is not None:
        return load_served(settings.runbook_file, home=settings.discord_guild_id).home_policy
    return load_policy(settings.runbook_file)
