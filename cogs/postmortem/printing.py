"""`incident-bot postmortem`: the document of one incident, by the facts as they are now."""

from collections.abc import Iterable
from pathlib import Path

import typer

from bot.domain.errors import ConfigError, IncidentNotFound
from bot.domain.incident.incident import label_of
from bot.services.core import Core
from bot.storage.tables.incidents import IncidentRows
from cogs.postmortem.documents import read_facts
from cogs.postmortem.use_cases import writer_of


async def core_of_incident(cores: Iterable[Core], number: int, *, private: bool) -> Core:
    """Return the core of the server that incident *number* is in.

    Args:
        private: A private incident is written, too: its words leave the place where they are guarded.

    Raises:
        ConfigError: there is no such incident in a server that the bot serves, or it is private.
    """
    for core in cores:
        try:
            incident = await IncidentRows(core.store.sql).incident(number)
        except IncidentNotFound:
            continue
        if incident.is_private and not private:
            raise ConfigError(f"{incident.label}: is private; allowed: with --private")
        return core
    raise ConfigError(f"{label_of(number)}: there is no such incident in a server that the bot serves")


async def written(core: Core, number: int) -> str:
    """Return the document of incident *number*; nothing is stored or posted."""
    made = await writer_of(core).write(await read_facts(core.store, core.policy, number))
    if made.problem is not None:
        typer.echo(f"postmortem.template: {made.problem}; the standard template was used", err=True)
    return made.text


def print_written(text: str, number: int, *, out: Path | None) -> None:
    """Write the document of incident *number* to *out*, or print it.

    Raises:
        ConfigError: *out* cannot be written.
    """
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"--out: {out} cannot be written: {error.strerror}") from error
    typer.echo(f"{label_of(number)}: {out}")
