"""`incident-bot runbook`: its options and help. What it does is in `bot.cli.runbook.policy_file`."""

# ruff: noqa: PLC0415 -- as in `bot.cli.commands`

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.outcome import ends_well

_runbook = typer.Typer(help="Check or show the policy file.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(_runbook, name="runbook")


@_runbook.command(epilog="Example: incident-bot runbook check our-policy.toml")
def check(
    file: Annotated[Path, typer.Argument(help="A policy file, or a folder of them.", metavar="FILE")],
) -> None:
    """Check a policy file, or all of a folder: one line per problem."""
    with ends_well():
        from bot.cli.runbook.policy_file import check_file

        check_file(file)


@_runbook.command(epilog="Example: incident-bot runbook show > policy.toml")
def show(
    *,
    in_words: Annotated[
        bool, typer.Option("--in-words", help="What it promises: who is told what, where, and by when.")
    ] = False,
) -> None:
    """Print the policy file in use, comments included: without RUNBOOK_FILE Parky's, a start for your own."""
    with ends_well():
        from bot.cli.setup import load

        settings = load()
        from bot.cli.runbook.policy_file import show_policy, show_source

        (show_policy if in_words else show_source)(settings.runbook_file)
