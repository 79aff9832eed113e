"""`incident-bot probes`: its options and help. What it does is in `bot.cli.probes.trying`."""

# ruff: noqa: PLC0415 -- as in `bot.cli.commands`

import os
from typing import Annotated, Literal

import typer

from bot.cli.outcome import ends_well

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
        from bot.cli.setup import load

        settings = load()
        from bot.cli.probes.trying import try_probes
        from bot.i18n.terminal import terminal_language

        raise typer.Exit(try_probes(settings, name, language=lang or terminal_language(os.environ)))
