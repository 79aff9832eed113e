"""`incident-bot heartbeats list`: the addresses that jobs call."""

# ruff: noqa: PLC0415 -- as in `bot.cli.commands`

from typing import Annotated

import typer

from bot.cli.outcome import ends_well
from bot.domain.errors import ConfigError

heartbeats = typer.Typer(help="Jobs that report by HTTP.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    app.add_typer(heartbeats, name="heartbeats")


@heartbeats.callback()
def _group() -> None:
    """Keep `list` a command of its own: a single command would take the place of its group."""


@heartbeats.command(name="list", epilog="Example: incident-bot heartbeats list --url https://bot.example.com")
def list_(
    *,
    url: Annotated[str, typer.Option(help="Behind which /ping/ leads to HOOKS_PORT.")] = "",
) -> None:
    """Print the address of each heartbeat. Each is a secret: who knows it can report in the job's name."""
    with ends_well():
        from bot.cli.setup import load
        from bot.runbook import load_served
        from cogs.heartbeats.rules import Heartbeats, secret_of

        settings = load()
        if settings.heartbeats_secret is None:
            raise ConfigError("HEARTBEATS_SECRET: is missing; openssl rand -hex 24 makes one")
        key = settings.heartbeats_secret.get_secret_value()
        policies = load_served(settings.runbook_file, home=settings.discord_guild_id).policies
        on = {guild_id: policy for guild_id, policy in policies.items() if "heartbeats" not in policy.off}
        if not on:
            raise ConfigError("the policy has no [heartbeats.<name>]; see docs/runbook-file.md")
        for guild_id, policy in on.items():
            for name in policy.of(Heartbeats).by_name:
                typer.echo(f"{name} {url.rstrip('/')}/ping/{secret_of(key, guild_id, name)}")
