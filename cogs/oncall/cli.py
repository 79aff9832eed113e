"""`incident-bot import-schedule`: its options and help. What it does is in `cogs.oncall.importing`."""

# ruff: noqa: PLC0415 -- as in `bot.cli.commands`

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from bot.cli.outcome import EXIT_FOUND, EXIT_OK, ends_well
from bot.domain.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.services.core import Core

SourceName: TypeAlias = Literal["pagerduty", "opsgenie", "grafana-oncall"]


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    example = "Example: incident-bot import-schedule schedule.json --from pagerduty --dry-run"
    app.command(name="import-schedule", epilog=example)(import_schedule)


def import_schedule(  # noqa: PLR0913 -- its options
    file: Annotated[Path, typer.Argument(help="What the system's API returned.", metavar="FILE")],
    *,
    source: Annotated[SourceName, typer.Option("--from", help="The system that exported it.")],
    place: Annotated[
        str | None, typer.Option(help="A place of the policy's [oncall]; else the first.")
    ] = None,
    people: Annotated[
        Path | None,
        typer.Option(help='TOML: "alex@example.com" = "a username of the policy, or a Discord id".'),
    ] = None,
    server: Annotated[int | None, typer.Option(help="Its id; else DISCORD_GUILD_ID.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change; change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Put it into force without asking.")] = False,
) -> None:
    """Import who is on call from another system, after showing what would change."""
    with ends_well():
        from bot.cli.database import with_cores
        from bot.cli.setup import load, require_on
        from bot.runbook import load_served
        from cogs.oncall.importing import ImportRequest, import_into, read_files

        settings = load("discord_guild_id")
        request = ImportRequest(file, source, place, people, dry_run=dry_run, yes=yes)
        read = read_files(request)
        served = load_served(settings.runbook_file, home=settings.discord_guild_id)
        guild_id = server or settings.discord_guild_id or 0
        if guild_id not in served.policies:
            raise ConfigError(f"--server: {guild_id} is not served by this bot")
        require_on(served.policies[guild_id], "oncall", command="import-schedule")

        async def work(core_of: "Callable[[int], Core]") -> bool:
            return await import_into(core_of(guild_id), request, read)

        is_done = with_cores(settings, served, "oncall", work)
        raise typer.Exit(EXIT_OK if is_done else EXIT_FOUND)
