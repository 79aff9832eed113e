"""`incident-bot check`: its options and help. What it does is in `cogs.checks.posts`."""

# ruff: noqa: PLC0415 -- as in `bot.cli.commands`

import os
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot.cli.outcome import EXIT_FOUND, EXIT_OK, ends_well

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.services.core import Core


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command("check", epilog="Example: incident-bot check api.parky.co.jp")(check_systems)


def check_systems(
    target: Annotated[
        str | None, typer.Argument(help="Only this target of [checks.http]; else all.", metavar="TARGET")
    ] = None,
    *,
    lang: Annotated[
        Literal["ja", "en"] | None,
        typer.Option(help="Of the words; else that of LC_ALL or LANG, or of the policy."),
    ] = None,
) -> None:
    """Look at every system side by side, as /check does; exits with 1 when one is down."""
    with ends_well():
        from bot.cli.setup import load, require_on

        settings = load("discord_guild_id")
        from bot.cli.database import with_cores
        from bot.i18n.terminal import terminal_language
        from bot.runbook import load_served
        from cogs.checks.printing import print_checks, require_target

        served = load_served(settings.runbook_file, home=settings.discord_guild_id)
        require_on(served.home_policy, "checks", command="check")
        require_target(served.home_policy, target)
        language = lang or terminal_language(os.environ)

        async def look(core_of: "Callable[[int], Core]") -> bool:
            return await print_checks(core_of(served.home), target, language=language)

        is_well = with_cores(settings, served, "checks", look, is_reached=False)
        raise typer.Exit(EXIT_OK if is_well else EXIT_FOUND)
