"""`incident-bot alerts`: its options and help. What it does is in `bot.cli.alerts.trying`."""

# ruff: noqa: PLC0415 -- as in `bot.cli.commands`

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from bot.cli.outcome import ends_well

alerts = typer.Typer(help="Messages of monitors in watched channels.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    app.add_typer(alerts, name="alerts")


@alerts.callback()
def _group() -> None:
    """Keep `try` a command of its own: a single command would take the place of its group."""


@alerts.command(name="try", epilog="Example: incident-bot alerts try message.json --channel p0-alerts")
def try_(
    file: Annotated[
        Path, typer.Argument(help="A message, as Discord's JSON has it; - is standard input.", metavar="FILE")
    ],
    *,
    channel: Annotated[
        str | None, typer.Option(help="Where it is posted; else the policy's first watched channel.")
    ] = None,
    database: Annotated[
        bool, typer.Option("--database", help="Ask the database as well what would become of it now.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for scripts.")] = False,
    lang: Annotated[
        Literal["ja", "en"] | None,
        typer.Option(help="Of the words; else that of LC_ALL or LANG, or of the policy."),
    ] = None,
) -> None:
    """Print what a monitor's message would do and why, without doing it. Exit code 1: it would do nothing."""
    with ends_well():
        from bot.cli.setup import load

        settings = load(*(["discord_guild_id"] if database else []))
        from bot.cli.alerts.trying import try_message
        from bot.i18n.terminal import terminal_language

        language = lang or terminal_language(os.environ)
        code = try_message(
            settings, file, channel=channel, asks_database=database, as_json=as_json, language=language
        )
        raise typer.Exit(code)
