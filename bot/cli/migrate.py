"""`incident-bot migrate`."""

import asyncio

import typer

from bot.database import own_database, reach
from bot.settings import Settings
from bot.storage.database.migrate import migrate


def apply(settings: Settings) -> None:
    """Apply the pending migrations to the database, and print each one's name."""
    with own_database(settings) as database:
        asyncio.run(reach(database.dsn))
        applied = migrate(database.dsn)
    for name in applied:
        typer.echo(f"applied {name}")
    if not applied:
        typer.echo("up to date")
