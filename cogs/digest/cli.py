"""`incident-bot digest`: its options and help. What it does is in `cogs.digest.printing`."""

# ruff: noqa: PLC0415 -- as in `bot.cli.commands`

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.outcome import ends_well, in_each_server, server_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.services.core import Core


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command(epilog="Example: incident-bot digest --preview --week 2026-W47")(digest)


def digest(
    *,
    preview: Annotated[
        bool, typer.Option("--preview", help="Print it here; no running bot is needed.")
    ] = False,
    post: Annotated[
        bool, typer.Option("--post", help="Let the bot post it in the digest's channel.")
    ] = False,
    week: Annotated[str | None, typer.Option(help="An ISO week such as 2026-W47; else the last one.")] = None,
) -> None:
    """Look at a week's digest, or have it posted."""
    if preview == post:
        raise typer.BadParameter("choose one of --preview and --post")
    with ends_well():
        from bot.cli.setup import load

        settings = load("discord_guild_id")
        from bot.cli.database import with_cores
        from bot.runbook import load_served
        from cogs.digest.printing import post_week, week_named, week_text

        asked = week_named(week)
        served = load_served(settings.runbook_file, home=settings.discord_guild_id)

        async def print_all(core_of: "Callable[[int], Core]") -> None:
            texts = [
                f"{server_named(served, guild_id)}{await week_text(core_of(guild_id), asked)}"
                for guild_id in served.policies
            ]
            typer.echo("\n\n".join(texts))

        async def post_all(core_of: "Callable[[int], Core]") -> None:
            async def post_one(guild_id: int, where: str) -> None:
                typer.echo(f"{where}{await post_week(core_of(guild_id), asked)}")

            await in_each_server(served, post_one)

        with_cores(settings, served, "digest", print_all if preview else post_all)
