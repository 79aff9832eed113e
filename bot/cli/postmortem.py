"""`incident-bot postmortem`: the document of one incident, by the facts as they are now."""

import asyncio
from pathlib import Path

import typer

from bot.database import bring_up_to_date, own_database, reach
from bot.domain.errors import ConfigError
from bot.domain.incident.incident import label_of
from bot.resources import SharedResources, open_shared
from bot.runbook import load_served
from bot.services.postmortems.reading import read_facts
from bot.settings import Settings


def write(settings: Settings, number: int, *, out: Path | None, private: bool) -> None:
    """Write the document of incident *number* to *out*, or print it; nothing is stored or posted.

    Args:
        private: A private incident is written, too: its words leave the place where they are guarded.
    """
    served = load_served(settings.runbook_file, home=settings.discord_guild_id)

    async def run(dsn: str) -> str:
        async with open_shared(settings, served, dsn) as shared:
            return await _text(shared, number, private=private)

    with own_database(settings) as database:
        asyncio.run(reach(database.dsn, patience_s=0.0))
        bring_up_to_date(database.dsn, apply=settings.database_url is None)
        text = asyncio.run(run(database.dsn))
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"--out: {out} cannot be written: {error.strerror}") from error
    typer.echo(f"{label_of(number)}: {out}")


async def _text(shared: SharedResources, number: int, *, private: bool) -> str:
    guild_id = await shared.store.guild_of_incident(number)
    if guild_id is None or guild_id not in shared.served.policies:
        raise ConfigError(f"{label_of(number)}: there is no such incident in a server that the bot serves")
    parts = shared.parts(guild_id)
    incident = await parts.store.incident(number)
    if incident.is_private and not private:
        raise ConfigError(f"{label_of(number)}: is private; allowed: with --private")
    written = await parts.postmortem_writer.write(await read_facts(parts.store, parts.policy, number))
    if written.problem is not None:
        typer.echo(f"postmortem.template: {written.problem}; the standard template was used", err=True)
    return written.text
