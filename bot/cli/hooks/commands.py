"""`incident-bot hooks`: its options and help. What it does is in `bot.cli.hooks.trying`."""

# ruff: noqa: PLC0415 -- as in `bot.cli.commands`

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from bot.cli.outcome import ends_well

hooks = typer.Typer(help="Alerts that other systems report by HTTP.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    app.add_typer(hooks, name="hooks")


@hooks.callback()
def _group() -> None:
    """Keep `try` a command of its own: a single command would take the place of its group."""


@hooks.command(name="try", epilog="Example: incident-bot hooks try alert.json --source sentry")
def try_(  # noqa: PLR0913 -- its options
    file: Annotated[Path, typer.Argument(help="The body of a request; - is standard input.", metavar="FILE")],
    *,
    source: Annotated[str, typer.Option(help="As the policy names it: sentry for [hooks.sentry].")],
    header: Annotated[
        list[str] | None, typer.Option("--header", "-H", help='A header: "X-GitHub-Event: workflow_run".')
    ] = None,
    headers: Annotated[
        Path | None, typer.Option(help="A file of headers, a line each, or one JSON object.")
    ] = None,
    database: Annotated[
        bool, typer.Option("--database", help="Ask the database as well what would become of each alert now.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for scripts.")] = False,
    lang: Annotated[
        Literal["ja", "en"] | None,
        typer.Option(help="Of the words; else that of LC_ALL or LANG, or of the policy."),
    ] = None,
) -> None:
    """Print what a monitor's request would do, without doing it. Exit code 1: it would do nothing."""
    with ends_well():
        from bot.cli.setup import load

        settings = load(*(["discord_guild_id"] if database else []))
        from bot.cli.hooks.trying import headers_in, try_request
        from bot.i18n.terminal import terminal_language

        given = [*(header or []), *([] if headers is None else headers_in(headers))]
        code = try_request(
            settings,
            file,
            source=source,
            headers=given,
            asks_database=database,
            as_json=as_json,
            language=lang or terminal_language(os.environ),
        )
        raise typer.Exit(code)
