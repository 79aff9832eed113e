"""`incident-bot import-schedule`: its options and help. `bot.cli.oncall.import_schedule` does the work."""

# ruff: noqa: PLC0415 -- as in `bot.cli.commands`

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from bot.cli.outcome import ends_well

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
        from bot.cli.setup import load

        settings = load("discord_guild_id")
        from bot.cli.oncall import import_schedule as work

        asked = work.ImportRequest(file, source, place, people, server or settings.discord_guild_id or 0)
        raise typer.Exit(work.run(settings, asked, dry_run=dry_run, yes=yes))
